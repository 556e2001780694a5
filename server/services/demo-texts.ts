/** What the demo project says of itself. */

export const DEMO_PROJECT = {
  slug: "support-summaries",
  name: "Support summaries",
  description: "Demo. Short summaries of customer-support conversations; conversations and first summaries are written by a script.",
  overlap: 1,
  reasons: ["Faithful", "Missing a fact", "Wrong fact", "Too long", "Too short", "Clear"],
  published: true,
  demo: true,
};

export const TASKS_PROJECT = {
  slug: "four-tasks",
  name: "Four tasks",
  description:
    "Demo. Support summaries, ratings of reviews, words to Python and places in a sentence, each with references: for multi-task fine-tuning, heads on the ratings, and what a model forgets.",
  overlap: 1,
  reasons: [],
  published: false,
  demo: true,
};

export const DEMO_GUIDELINES = `# Which summary is better?

A colleague who was not on the line reads the summary and takes over the case. The better summary serves that colleague.

1. **Right before everything.** A wrong name, product, day or wish is worse than a missing one. Customers sometimes correct the agent: what the customer says counts.
2. **What matters first.** Which product, what is wrong with it, what the customer wants. Then who, since when, and what has been tried.
3. **Short.** Between two summaries that say the same, the shorter one is better.
4. **Finished.** Whole sentences, no repetition, nothing made up.

Choose *About the same* when you really cannot tell. Choose *Both bad* when you would give neither to your colleague. Skip what you cannot judge, and flag what should not be here.
`;
