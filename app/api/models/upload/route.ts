/** Upload of one file of a model as the request's body, streamed to the disk. */
import { z } from "zod";
import { MODEL_FILES } from "@/domain/model-files";
import { env } from "@/server/env";
import { AppError } from "@/server/errors";
import { handleAs, parseParameters } from "@/server/http";
import { storeUploadedFile } from "@/server/model-uploads";

const parametersSchema = z.strictObject({
  uploadId: z.uuid(),
  name: z.string().regex(MODEL_FILES, "not a file of a model that the trainer reads (config.json, *.safetensors, tokenizer.json ...)"),
});

export function POST(request: Request): Promise<Response> {
  return handleAs("researcher", async ({ user }) => {
    const parameters = parseParameters(parametersSchema, request);
    if (request.body === null) throw new AppError("BAD_INPUT", "body: expected the file");
    const limit = env().uploadBytes;
    return Response.json(await storeUploadedFile(user, { ...parameters, limit }, request.body as unknown as AsyncIterable<Uint8Array>));
  });
}
