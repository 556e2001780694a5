/** Lines of a stream of bytes, without their ends; CRLF too. Memory holds one line and one chunk. */
import { AppError } from "./errors";

/** Throws BAD_INPUT for bytes that are no UTF-8 and for a line of more than `maxLine` characters. */
export async function* readLines(stream: AsyncIterable<Uint8Array>, maxLine = 4_000_000): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let rest = "";
  const decode = (chunk?: Uint8Array): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch (error) {
      throw new AppError("BAD_INPUT", "The file is not UTF-8 text. Save it as UTF-8 and import it again.", { cause: error });
    }
  };
  const strip = (line: string) => (line.endsWith("\r") ? line.slice(0, -1) : line);
  for await (const chunk of stream) {
    const parts = (rest + decode(chunk)).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) yield strip(part);
    if (rest.length > maxLine)
      throw new AppError("BAD_INPUT", `A line has more than ${maxLine} characters. Is this a file of JSON lines, one row a line?`);
  }
  rest += decode();
  if (rest !== "") yield strip(rest);
}
