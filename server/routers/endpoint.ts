/** Outside endpoints of a project: for researchers, who pay by their key; those of all projects are the admins' to change. */
import { z } from "zod";
import { endpointSettingsSchema, newEndpointSchema } from "../../domain/endpoint";
import * as endpoints from "../services/endpoint";
import { projectProcedure, router } from "../trpc";

const projectId = z.uuid();
const chosenSchema = z.strictObject({ projectId, endpointId: z.uuid() });
/** What can stand in a header. */
const apiKeySchema = z
  .string()
  .trim()
  .min(1, "Enter the key")
  .max(1000, "At most 1000 characters")
  .regex(/^[\x21-\x7e]+$/, "A key has no spaces and only plain characters");

export const endpointRouter = router({
  list: projectProcedure("researcher")
    .input(z.strictObject({ projectId }))
    .query(({ ctx, input }) => endpoints.listEndpoints(ctx, input)),
  create: projectProcedure("researcher")
    .input(newEndpointSchema.extend({ projectId, shared: z.boolean(), apiKey: apiKeySchema.nullable() }))
    .mutation(({ ctx, input }) => endpoints.createEndpoint(ctx, input)),
  update: projectProcedure("researcher")
    .input(chosenSchema.extend({ settings: endpointSettingsSchema, apiKey: apiKeySchema.nullable().optional() }))
    .mutation(({ ctx, input }) => endpoints.updateEndpoint(ctx, input)),
  /** As often as the endpoint's own rate allows. */
  try: projectProcedure("researcher")
    .input(chosenSchema.extend({ prompt: z.string().trim().min(1, "Enter a prompt").max(2000, "At most 2000 characters") }))
    .mutation(({ ctx, input }) => endpoints.tryEndpoint(ctx, input)),
  remove: projectProcedure("researcher")
    .input(chosenSchema)
    .mutation(({ ctx, input }) => endpoints.removeEndpoint(ctx, input)),
});
