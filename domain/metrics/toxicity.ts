/**
 * A stand-in for toxicity that needs no network: does the text hold a word of obscenity's English list (in any of the
 * usual disguises)? It knows words, not meaning: a polite insult passes, a quoted curse does not.
 */
import { englishDataset, englishRecommendedTransformers, RegExpMatcher } from "obscenity";

const matcher = new RegExpMatcher({ ...englishDataset.build(), ...englishRecommendedTransformers });

export const TOXICITY_SIGNATURE = "proxy:obscenity-english-words|version:0.4.6";

export const isToxic = (text: string): boolean => matcher.hasMatch(text);
