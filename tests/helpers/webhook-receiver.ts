/** A receiver of webhooks: what came, and what it answers next. */
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach } from "vitest";

export type Receiver = {
  url: string;
  received: { headers: IncomingHttpHeaders; body: string }[];
  /** Statuses, in turn; 204 when nothing is left. */
  answers: number[];
};

/** One for the tests of a file, empty for each of them. */
export function useReceiver(): Receiver {
  const receiver: Receiver = { url: "", received: [], answers: [] };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      receiver.received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(receiver.answers.shift() ?? 204, { location: "/elsewhere" }).end();
    });
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  });
  beforeEach(() => {
    receiver.received = [];
    receiver.answers = [];
  });
  afterAll(() => void server.close());
  return receiver;
}
