import type { SumStatistic } from "./bootstrap";

/** Perplexity of a corpus from rows of [negative log-likelihood in nats, tokens]: exp of the mean loss a token. Infinity where a token has no probability. */
export const perplexityOfSums: SumStatistic = ([nats = Number.NaN, tokens = Number.NaN]) => Math.exp(nats / tokens);
