/** How the items of a project are made and shown: modes and their shares, rating scales, where images may come from. */
import { z } from "zod";
import { type ItemMode, itemModeSchema, MODE_SIZES } from "../judgement";
import { DEFAULT_SCALES, MAX_SCALES, scaleSchema } from "../scale";

export const MODE_NAMES: Readonly<Record<ItemMode, string>> = {
  pairwise: "Pairs with margin",
  ranking: "Ranking",
  best_of_n: "Best of several",
  rating: "Ratings on scales",
  edit: "Edit an answer",
  demonstration: "Write an answer",
};

const modeShareSchema = z
  .strictObject({
    mode: itemModeSchema,
    /** Relative to the other modes': the chance that a prompt becomes an item of this mode. */
    share: z.number().int().min(0, "At least 0").max(100, "At most 100"),
    /** Most completions that one item shows. */
    completions: z.number().int(),
  })
  .superRefine(({ mode, completions }, context) => {
    const [min, max] = MODE_SIZES[mode];
    if (completions < min || completions > max) {
      context.addIssue({
        code: "custom",
        path: ["completions"],
        message: min === max ? `${MODE_NAMES[mode]}: ${min}` : `${MODE_NAMES[mode]}: ${min} to ${max}`,
      });
    }
  });
export type ModeShare = z.infer<typeof modeShareSchema>;

/** A host, or a host with all below it: "images.example.org", "*.example.org". */
const hostSchema = z
  .string()
  .trim()
  .toLowerCase()
  .max(253)
  .regex(
    /^(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
    "Expected a host as images.example.org or *.example.org",
  );

const hasTwins = (names: readonly string[]) => new Set(names.map((name) => name.toLowerCase())).size < names.length;

export const annotationSettingsSchema = z.strictObject({
  modes: z
    .array(modeShareSchema)
    .min(1, "Choose a mode")
    .refine((modes) => !hasTwins(modes.map(({ mode }) => mode)), "Each mode once")
    .refine((modes) => modes.some(({ share }) => share > 0), "Give one mode a share above 0"),
  scales: z
    .array(scaleSchema)
    .min(1, "At least one scale")
    .max(MAX_SCALES, `At most ${MAX_SCALES} scales`)
    .refine((scales) => !hasTwins(scales.map(({ name }) => name)), "Each scale needs a name of its own"),
  /** Images of other hosts are shown as links. */
  imageHosts: z.array(hostSchema).max(50, "At most 50 hosts"),
});
export type AnnotationSettings = z.infer<typeof annotationSettingsSchema>;

export const DEFAULT_ANNOTATION: AnnotationSettings = {
  modes: [{ mode: "pairwise", share: 1, completions: 2 }],
  scales: [...DEFAULT_SCALES],
  imageHosts: [],
};

/** Whether an image may be loaded: by https, from a host of the list. */
export function isAllowedImage(url: string, hosts: readonly string[]): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" && hosts.some((host) => (host.startsWith("*.") ? hostname.endsWith(host.slice(1)) : hostname === host));
}
