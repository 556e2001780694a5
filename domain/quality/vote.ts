/** A judgement as its quality is measured: what was said of completions in one fixed order, whatever order was shown. */
import { indexObservations, nothingSaid, type Observations, type Said, say } from "./observations";

export type QualityVote = {
  id: string;
  itemId: string;
  annotatorId: string;
  mode: string;
  kind: string;
  /** In order of the completions' ids, 1 = best; null where nothing was ranked. */
  ranks: readonly number[] | null;
  /** Of pairs, -3 to 3, above 0 where the completion of the larger id is better. */
  margin: number | null;
  /** Of pairs: which shown side was better, -1 left, 1 right, 0 neither. */
  side: number | null;
  /** Scores of each completion, in order of their ids, on each scale. */
  scores: readonly { scale: string; scores: readonly number[] }[];
  /** What a person who knows says, in order of the completions' ids. */
  gold: readonly number[] | null;
  /** The item that this one shows again. */
  repeatOf: string | null;
  activeMs: number;
  untouched: boolean;
  /** Milliseconds since 1970. */
  at: number;
  guideline: number | null;
};

/** Votes with their items and annotators by number. */
export type IndexedVotes = {
  votes: readonly QualityVote[];
  items: string[];
  item: Int32Array;
  annotators: string[];
  annotator: Int32Array;
};

export function indexVotes(votes: readonly QualityVote[]): IndexedVotes {
  const number = (keys: (vote: QualityVote) => string) => {
    const places = new Map<string, number>();
    const of = new Int32Array(votes.length);
    votes.forEach((vote, i) => {
      const key = keys(vote);
      let place = places.get(key);
      if (place === undefined) {
        place = places.size;
        places.set(key, place);
      }
      of[i] = place;
    });
    return { names: [...places.keys()], of };
  };
  const items = number(({ itemId }) => itemId);
  const annotators = number(({ annotatorId }) => annotatorId);
  return { votes, items: items.names, item: items.of, annotators: annotators.names, annotator: annotators.of };
}

/** Says with each vote of `indexed` that `values` gives something for; the source is the vote's number. */
function collect(
  { votes, item, annotator }: IndexedVotes,
  values: (vote: QualityVote, add: (part: number, value: number) => void) => void,
): Said {
  const said = nothingSaid();
  votes.forEach((vote, i) => {
    values(vote, (part, value) => say(said, item[i] ?? 0, part, annotator[i] ?? 0, value, i));
  });
  return said;
}

/** Which of two completions is better, of every pair that a vote ranks: -1 the first, 1 the second, 0 neither. */
export function sayOrders(indexed: IndexedVotes): Said {
  return collect(indexed, ({ ranks }, add) => {
    if (ranks === null) return;
    let part = 0;
    for (let i = 0; i < ranks.length; i++)
      for (let j = i + 1; j < ranks.length; j++) add(part++, Math.sign((ranks[i] ?? 0) - (ranks[j] ?? 0)));
  });
}

export type Scale = { name: string; data: Observations };

/** Margins of pairs. */
export function marginScale(indexed: IndexedVotes): Scale {
  const said = collect(indexed, ({ margin }, add) => {
    if (margin !== null) add(0, margin);
  });
  return { name: "margin", data: indexObservations(said) };
}

/** The rank of each completion, where more than two were ranked. */
export function rankScale(indexed: IndexedVotes): Scale {
  const said = collect(indexed, ({ mode, ranks }, add) => {
    if (mode === "ranking" && ranks !== null && ranks.length > 2) ranks.forEach((rank, i) => add(i, rank));
  });
  return { name: "ranks", data: indexObservations(said) };
}

/** Each attribute that completions were scored on, by its name. */
export function scoreScales(indexed: IndexedVotes): Scale[] {
  const names = new Set(indexed.votes.flatMap(({ scores }) => scores.map(({ scale }) => scale)));
  return [...names].sort().map((name) => {
    const said = collect(indexed, ({ scores }, add) =>
      scores.find(({ scale }) => scale === name)?.scores.forEach((score, i) => add(i, score)),
    );
    return { name, data: indexObservations(said) };
  });
}
