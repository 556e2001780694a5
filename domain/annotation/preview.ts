/** An item as annotators will see it, before there is one: of the project's own texts, or of these where it has none. */
import type { ItemMode } from "../judgement";
import { MODE_SIZES } from "../judgement";
import type { Message } from "../prompt";
import type { AnnotationSettings } from "./settings";
import type { AnnotationTask, ShownCompletion } from "./task";

export type Example = { messages: Message[]; completions: ShownCompletion[]; guideline: AnnotationTask["guideline"] };

const NOBODY = "00000000-0000-4000-8000-000000000000";
const QUESTION: Message[] = [{ role: "user", content: "Why is the sky blue?" }];
const ANSWERS = [
  "Air scatters short waves of light more than long ones, so blue reaches us from every side of the sky.",
  "The sky is blue because of **Rayleigh scattering**: its strength grows with $1/\\lambda^4$, and blue light has a short wave.",
  "It mirrors the sea.",
  "Sunlight holds all colours. On its way through the air:\n\n- red goes almost straight through,\n- blue is thrown in all directions.",
  "Because blue is a calm colour.",
  "Small particles scatter blue light more than red light.",
  "Nobody knows for certain.",
  "The answer is in the **size of the molecules** of the air: far smaller than the wave of the light.",
  "At noon it is blue, in the evening red: the longer the way of the light, the less blue is left.",
];

/** `example` gives its completions first; texts of ours fill up what the mode wants at least. */
export function previewTask(mode: ItemMode, settings: AnnotationSettings, reasons: string[], example: Example | null): AnnotationTask {
  const [min, max] = MODE_SIZES[mode];
  const wanted = settings.modes.find((known) => known.mode === mode)?.completions ?? max;
  const own = (example?.completions ?? []).filter(({ turns }) => mode !== "edit" || turns === undefined).slice(0, wanted);
  const enough = own.length >= min && (own.length > 0 || max === 0);
  return {
    itemId: NOBODY,
    projectId: NOBODY,
    mode,
    messages: enough && example !== null ? example.messages : QUESTION,
    completions: enough ? own : ANSWERS.slice(0, wanted).map((text, i) => ({ id: String(i), text })),
    leaseExpiresAt: new Date(0),
    leaseSeconds: 0,
    draft: null,
    guideline: example?.guideline ?? null,
    reasons,
    scales: settings.scales,
    imageHosts: settings.imageHosts,
    sentBack: null,
  };
}
