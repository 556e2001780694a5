/** Rotary positions (Su et al. 2021) in transformers' convention: the two halves of a head are the two coordinates. */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";

/** `rope_parameters` of transformers 5, `rope_scaling` of 4. */
export const ropeSchema = z.looseObject({
  rope_theta: z.number().positive().optional(),
  rope_type: z.string().optional(),
  /** The older name of rope_type. */
  type: z.string().optional(),
  factor: z.number().positive().optional(),
  low_freq_factor: z.number().positive().optional(),
  high_freq_factor: z.number().positive().optional(),
  original_max_position_embeddings: z.number().positive().optional(),
  partial_rotary_factor: z.literal(1, "partial rotary positions are not supported").optional(),
});
type RopeParameters = z.infer<typeof ropeSchema>;

/**
 * Inverse frequencies (headSize / 2), scaled linearly or as Llama 3 does where `rope` asks for it. Throws on other types.
 * Source: Chen et al. 2023 (linear); transformers' modeling_rope_utils (llama3).
 */
export function ropeFrequencies(rope: RopeParameters, theta: number, headSize: number): number[] {
  const frequencies = Array.from({ length: headSize / 2 }, (_, i) => 1 / theta ** ((2 * i) / headSize));
  const type = rope.rope_type ?? rope.type ?? "default";
  if (type === "default") return frequencies;
  const { factor = 8, low_freq_factor: low = 1, high_freq_factor: high = 4, original_max_position_embeddings: original = 8192 } = rope;
  if (type === "linear") return frequencies.map((frequency) => frequency / factor);
  if (type !== "llama3") throw new Error(`config.json: rope_type "${type}" is not supported (default, linear and llama3 are)`);
  return frequencies.map((frequency) => {
    const wavelength = (2 * Math.PI) / frequency;
    if (wavelength < original / high) return frequency;
    if (wavelength > original / low) return frequency / factor;
    const smooth = (original / wavelength - low) / (high - low);
    return ((1 - smooth) * frequency) / factor + smooth * frequency;
  });
}

export type Rotation = { cos: tf.Tensor; sin: tf.Tensor };

/** cos and sin of position times frequency for positions (N): (N, 1, d / 2). */
export function rotationAt(positions: tf.Tensor1D, frequencies: number[]): Rotation {
  const angles = tf.mul(tf.reshape(tf.cast(positions, "float32"), [-1, 1, 1]), tf.tensor3d([[frequencies]]));
  return { cos: tf.cos(angles), sin: tf.sin(angles) };
}

/** Rotates (N, heads, d). */
export function rotate(x: tf.Tensor3D, { cos, sin }: Rotation): tf.Tensor3D {
  const [first, second] = tf.split(x, 2, -1) as [tf.Tensor, tf.Tensor];
  return tf.concat([tf.sub(tf.mul(first, cos), tf.mul(second, sin)), tf.add(tf.mul(second, cos), tf.mul(first, sin))], -1) as tf.Tensor3D;
}
