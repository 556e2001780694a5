/**
 * From a config.json to the facts of the shared decoder: Llama (SmolLM2 is one), Mistral, Qwen2 and 2.5, Qwen3, Gemma 1
 * to 3 (text). Files of transformers 4 and 5 are both read; defaults are transformers'.
 */
import { z } from "zod";
import { ropeFrequencies, ropeSchema } from "./rope";
import type { RopeDecoderFacts } from "./rope-decoder";

const size = z.number().int().positive();
const layerType = z.enum(["full_attention", "sliding_attention"]);

const common = {
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_key_value_heads: size.optional(),
  head_dim: size.nullish(),
  rms_norm_eps: z.number().positive().default(1e-6),
  tie_word_embeddings: z.boolean().default(false),
  rope_theta: z.number().positive().optional(),
  rope_parameters: ropeSchema.nullish(),
  rope_scaling: ropeSchema.nullish(),
};
const silu = z.literal("silu").default("silu");
const gelu = z.enum(["gelu_pytorch_tanh", "gelu"]);
const window = size.nullish();

const llamaSchema = z.looseObject({
  ...common,
  hidden_act: silu,
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
});
const mistralSchema = z.looseObject({ ...common, hidden_act: silu, sliding_window: window });
const qwenSchema = z.looseObject({
  ...common,
  hidden_act: silu,
  attention_bias: z.boolean().default(false),
  use_sliding_window: z.boolean().default(false),
  sliding_window: window,
  max_window_layers: z.number().int().min(0).default(28),
  layer_types: z.array(layerType).nullish(),
});
const gemmaSchema = z.looseObject({
  ...common,
  tie_word_embeddings: z.boolean().default(true),
  head_dim: size.default(256),
  // The first releases say "gelu" and mean its tanh form.
  hidden_act: gelu.optional(),
  hidden_activation: gelu.nullish(),
  attention_bias: z.boolean().default(false),
  use_bidirectional_attention: z.literal(false, "attention to later tokens is not supported").nullish(),
});
const gemma2Schema = gemmaSchema.extend({
  query_pre_attn_scalar: z.number().positive().default(256),
  sliding_window: size.nullable().default(4096),
  layer_types: z.array(layerType).nullish(),
  final_logit_softcapping: z.number().positive().nullable().default(30),
  attn_logit_softcapping: z.number().positive().nullable().default(50),
});
const gemma3Schema = gemma2Schema.extend({
  final_logit_softcapping: z.number().positive().nullable().default(null),
  attn_logit_softcapping: z.number().positive().nullable().default(null),
  sliding_window_pattern: size.default(6),
  rope_local_base_freq: z.number().positive().default(10_000),
  rope_parameters: z.looseObject({ full_attention: ropeSchema.nullish(), sliding_attention: ropeSchema.nullish() }).nullish(),
});

type Common = z.infer<z.ZodObject<typeof common>>;

/** Frequencies for every layer alike, in either place where a file has them. */
function oneRope(config: Common, headSize: number): number[] {
  const rope = config.rope_parameters ?? config.rope_scaling ?? {};
  return ropeFrequencies(rope, config.rope_parameters?.rope_theta ?? config.rope_theta ?? 10_000, headSize);
}

/** What all have alike unless a family says otherwise; every layer sees everything. */
function plainFacts(
  family: string,
  config: Omit<Common, "rope_parameters">,
  frequencies: (headSize: number) => number[],
): RopeDecoderFacts {
  const headSize = config.head_dim ?? config.hidden_size / config.num_attention_heads;
  const own = frequencies(headSize);
  return {
    family,
    vocabSize: config.vocab_size,
    width: config.hidden_size,
    inner: config.intermediate_size,
    heads: config.num_attention_heads,
    keyHeads: config.num_key_value_heads ?? config.num_attention_heads,
    headSize,
    epsilon: config.rms_norm_eps,
    bias: { queryKeyValue: false, output: false, feedForward: false },
    activation: "silu",
    freshNorm: 1,
    queryKeyNorm: false,
    sandwichNorms: false,
    embeddingScale: 1,
    queryScale: 1 / Math.sqrt(headSize),
    scoreCap: null,
    logitCap: null,
    tied: config.tie_word_embeddings,
    layers: Array.from({ length: config.num_hidden_layers }, () => ({ window: null, frequencies: own })),
  };
}

const allBiases = (on: boolean) => ({ queryKeyValue: on, output: on, feedForward: false });

/** `facts` with a window on the layers that `isSliding` names. */
function withWindows(facts: RopeDecoderFacts, width: number | null, isSliding: (layer: number) => boolean): RopeDecoderFacts {
  return { ...facts, layers: facts.layers.map((layer, i) => ({ ...layer, window: isSliding(i) ? width : null })) };
}

type Parse = <T>(schema: z.ZodType<T>) => T;

/** The facts of each `model_type`; `parse` throws naming the field of config.json that is wrong. */
export const ROPE_DECODERS: Readonly<Record<string, (parse: Parse) => RopeDecoderFacts>> = {
  llama(parse) {
    const config = parse(llamaSchema);
    const facts = plainFacts("llama", config, (headSize) => oneRope(config, headSize));
    return { ...facts, bias: { ...allBiases(config.attention_bias), feedForward: config.mlp_bias } };
  },
  mistral(parse) {
    const config = parse(mistralSchema);
    return withWindows(
      plainFacts("mistral", config, (headSize) => oneRope(config, headSize)),
      config.sliding_window ?? null,
      () => true,
    );
  },
  qwen2(parse) {
    const config = parse(qwenSchema);
    return {
      ...qwenWindows(
        config,
        plainFacts("qwen2", config, (headSize) => oneRope(config, headSize)),
      ),
      bias: { queryKeyValue: true, output: false, feedForward: false },
    };
  },
  qwen3(parse) {
    const config = parse(qwenSchema.extend({ head_dim: size.default(128) }));
    return {
      ...qwenWindows(
        config,
        plainFacts("qwen3", config, (headSize) => oneRope(config, headSize)),
      ),
      bias: allBiases(config.attention_bias),
      queryKeyNorm: true,
    };
  },
  gemma(parse) {
    const config = parse(gemmaSchema);
    return gemmaFacts(
      config,
      plainFacts("gemma", config, (headSize) => oneRope(config, headSize)),
    );
  },
  gemma2(parse) {
    const config = parse(gemma2Schema);
    const facts = gemma2Facts(
      config,
      plainFacts("gemma2", config, (headSize) => oneRope(config, headSize)),
    );
    return withWindows(facts, config.sliding_window, (layer) =>
      config.layer_types ? config.layer_types[layer] === "sliding_attention" : layer % 2 === 0,
    );
  },
  gemma3_text(parse) {
    const config = parse(gemma3Schema);
    const { full_attention: full, sliding_attention: sliding } = config.rope_parameters ?? {};
    const global = ropeFrequencies(full ?? config.rope_scaling ?? {}, full?.rope_theta ?? config.rope_theta ?? 1_000_000, config.head_dim);
    const local = ropeFrequencies(sliding ?? {}, sliding?.rope_theta ?? config.rope_local_base_freq, config.head_dim);
    const isSliding = (layer: number) =>
      config.layer_types ? config.layer_types[layer] === "sliding_attention" : (layer + 1) % config.sliding_window_pattern !== 0;
    const facts = withWindows(
      gemma2Facts(
        config,
        plainFacts("gemma3_text", config, () => global),
      ),
      config.sliding_window,
      isSliding,
    );
    return {
      ...facts,
      queryKeyNorm: true,
      layers: facts.layers.map((layer, i) => ({ ...layer, frequencies: isSliding(i) ? local : global })),
    };
  },
};

function qwenWindows(config: z.infer<typeof qwenSchema>, facts: RopeDecoderFacts): RopeDecoderFacts {
  const width = config.use_sliding_window ? (config.sliding_window ?? null) : null;
  return withWindows(facts, width, (layer) =>
    config.layer_types ? config.layer_types[layer] === "sliding_attention" : layer >= config.max_window_layers,
  );
}

function gemmaFacts(config: { attention_bias: boolean; hidden_size: number }, facts: RopeDecoderFacts): RopeDecoderFacts {
  return {
    ...facts,
    bias: allBiases(config.attention_bias),
    activation: "gelu-tanh",
    freshNorm: 0,
    embeddingScale: Math.sqrt(config.hidden_size),
  };
}

type Gemma2 = {
  attention_bias: boolean;
  hidden_size: number;
  query_pre_attn_scalar: number;
  attn_logit_softcapping: number | null;
  final_logit_softcapping: number | null;
};

function gemma2Facts(config: Gemma2, facts: RopeDecoderFacts): RopeDecoderFacts {
  return {
    ...gemmaFacts(config, facts),
    sandwichNorms: true,
    queryScale: config.query_pre_attn_scalar ** -0.5,
    scoreCap: config.attn_logit_softcapping,
    logitCap: config.final_logit_softcapping,
  };
}
