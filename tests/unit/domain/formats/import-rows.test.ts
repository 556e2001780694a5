/** Rows as the published files have them, field names and all. */
import { describe, expect, it } from "vitest";
import { parseRows } from "../../../../domain/formats/import-rows";
import type { ParsedRow } from "../../../../domain/formats/import-row";

const read = (row: unknown): ParsedRow[] => {
  const parsed = parseRows(row, "comparisons");
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.rows;
};
const refusal = (row: unknown) => {
  const parsed = parseRows(row, "comparisons");
  return parsed.ok ? null : parsed.reason;
};
const user = (content: unknown) => ({ role: "user", content });
const assistant = (content: unknown) => ({ role: "assistant", content });

describe("published comparisons", () => {
  it("hh-rlhf", () => {
    const [row] = read({
      chosen: "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Why?\n\nAssistant: Because.",
      rejected: "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Why?\n\nAssistant: No.",
    });
    expect(row?.prompt.messages).toEqual([user("Hi"), assistant("Hello"), user("Why?")]);
    expect(row?.comparison).toMatchObject({ completions: [{ text: "Because." }, { text: "No." }], ranks: [1, 2] });
  });
  it("LMArena, with content as text and as a list of parts", () => {
    const battle = (content: (text: string) => unknown) => ({
      question_id: "q",
      model_a: "gpt-4",
      model_b: "vicuna-13b",
      winner: "model_b",
      judge: "arena_user_9",
      turn: 1,
      anony: true,
      language: "English",
      tstamp: 1682351591.1,
      conversation_a: [user(content("Why?")), assistant(content("A"))],
      conversation_b: [user(content("Why?")), assistant(content("B"))],
      conv_metadata: { sum_assistant_a_tokens: 1, header_count_a: { h1: 0 } },
      is_code: false,
    });
    for (const content of [(text: string) => text, (text: string) => [{ type: "text", text, image: null, mimeType: null }]]) {
      expect(read(battle(content))[0]?.comparison).toEqual({
        completions: [
          { text: "A", model: "gpt-4" },
          { text: "B", model: "vicuna-13b" },
        ],
        ranks: [2, 1],
        margin: null,
        annotator: "arena_user_9",
      });
    }
    for (const [winner, ranks] of [
      ["tie", [1, 1]],
      ["tie (bothbad)", null],
      ["both_bad", null],
    ] as const)
      expect(read({ ...battle((text) => text), winner })[0]?.comparison?.ranks).toEqual(ranks);
    expect(refusal({ ...battle((text) => text), winner: "draw" })).toMatch(/^winner: expected model_a/);
  });
  it("TRL, explicit and implicit", () => {
    expect(read({ prompt: [user("Why?")], chosen: [assistant("A")], rejected: [assistant("B")], margin: 2 })[0]?.comparison).toMatchObject({
      ranks: [1, 2],
      margin: 2,
    });
    expect(read({ chosen: [user("Why?"), assistant("A")], rejected: [user("Why?"), assistant("B")] })[0]?.prompt.messages).toEqual([
      user("Why?"),
    ]);
  });
  it("summarize-from-feedback", () => {
    const [row] = read({
      info: { id: "t3_1", post: "A post", title: "A title", subreddit: "relationships" },
      worker: "ikNm",
      batch: "batch3",
      split: "train",
      choice: 1,
      extra: { confidence: null },
      summaries: [
        { text: " one", policy: "sup2", note: "ok" },
        { text: " two", policy: "ref", note: null },
      ],
    });
    expect(row?.prompt.messages[0]?.content).toBe("SUBREDDIT: r/relationships\n\nTITLE: A title\n\nPOST: A post");
    expect(row?.comparison).toMatchObject({ ranks: [2, 1], annotator: "ikNm", completions: [{ model: "sup2" }, { model: "ref" }] });
    expect(row?.unused).toEqual(["batch", "extra"]);
    // The validation files name their parts valid1 and valid2.
    expect(read({ info: { post: "x" }, choice: 0, split: "valid2", summaries: [{ text: "a" }, { text: "b" }] })[0]?.prompt.split).toBe(
      "validation",
    );
  });
  it("AlpacaEval and HelpSteer3", () => {
    expect(
      read({
        instruction: "Do",
        output_1: "a",
        output_2: "b",
        generator_1: "x",
        generator_2: "y",
        annotator: "weighted_alpaca_eval_gpt4_turbo",
        preference: 1.99,
      })[0]?.comparison,
    ).toMatchObject({ ranks: [2, 1], completions: [{ model: "x" }, { model: "y" }] });
    expect(
      read({
        domain: "code",
        language: "python",
        context: [user("Do")],
        response1: "a",
        response2: "b",
        overall_preference: -2,
        individual_preference: [],
      })[0]?.comparison,
    ).toMatchObject({ ranks: [1, 2], margin: 2 });
  });
  it("OASST trees: a comparison for each prompter whose replies were ranked, under the messages above", () => {
    const node = (role: string, text: string, rank: number | null, replies: unknown[] = []) => ({
      message_id: text,
      parent_id: null,
      role,
      text,
      lang: "en",
      rank,
      deleted: false,
      labels: { quality: { value: 0.7, count: 3 } },
      replies,
    });
    const tree = {
      message_tree_id: "t1",
      tree_state: "ready_for_export",
      prompt: node("prompter", "Hi", null, [
        node("assistant", "Hello", 1),
        node("assistant", "Good day", 0, [
          node("prompter", "Why?", 0, [
            node("assistant", "A", 2),
            node("assistant", "B", 0),
            node("assistant", "C", 0),
            node("assistant", "D", null),
          ]),
        ]),
      ]),
    };
    const rows = read(tree);
    expect(rows.map(({ comparison }) => [comparison?.completions.map(({ text }) => text), comparison?.ranks])).toEqual([
      [
        ["Hello", "Good day"],
        [2, 1],
      ],
      [
        ["A", "B", "C"],
        [2, 1, 1],
      ],
    ]);
    expect(rows[1]?.prompt).toMatchObject({ messages: [user("Hi"), assistant("Good day"), user("Why?")], groupKey: "t1" });
    expect(refusal({ message_tree_id: "t", prompt: node("prompter", "Hi", null, [node("assistant", "x", null)]) })).toMatch(
      /two ranked replies/,
    );
  });
  it("Argilla records in each of their shapes; drafts are left out, equal ranks tie", () => {
    const fields = { prompt: "Why?", "response-1": "A", "response-2": "B" };
    const value = [
      { rank: 2, value: "response-1" },
      { rank: 1, value: "response-2" },
    ];
    const shapes = [
      {
        fields,
        metadata: {},
        suggestions: [{ value, score: 0.9, agent: "m" }],
        responses: [
          { user_id: "u1", value, status: "submitted" },
          { user_id: "u2", value, status: "draft" },
        ],
      },
      { id: "1", fields, responses: [{ user_id: "u1", status: "submitted", values: { ranking: { value } } }] },
      { id: "1", fields, responses: { ranking: [{ user_id: "u1", value }] } },
      { id: "1", fields, responses: { better: [{ user_id: "u1", value: "response-2" }] } },
    ];
    for (const shape of shapes)
      expect(read(shape).map(({ comparison }) => [comparison?.ranks, comparison?.annotator])).toEqual([[[2, 1], "u1"]]);
    expect(
      read({
        fields,
        responses: [
          {
            user_id: "u1",
            value: [
              { rank: 1, value: "response-1" },
              { rank: 1, value: "response-2" },
            ],
          },
        ],
      })[0]?.comparison?.ranks,
    ).toEqual([1, 1]);
    expect(refusal({ fields, responses: [{ user_id: "u1", value: [{ rank: 1, value: "response-1" }] }] })).toMatch(/1 of the 2 answers/);
    expect(refusal({ fields, responses: [] })).toMatch(/no submitted response/);
  });
  it("says which field is wrong", () => {
    expect(refusal([1])).toMatch(/expected an object/);
    expect(refusal({ prompt: "x", chosen: "same", rejected: " same " })).toMatch(/same text/);
    expect(refusal({ prompt: "x", chosen: "a\u0000", rejected: "b" })).toMatch(/U\+0000/);
    expect(refusal({ prompt: "x", chosen: "a\ud800", rejected: "b" })).toMatch(/surrogate/);
    expect(refusal({ prompt: "x", completions: ["a", "b"], ranks: [1] })).toMatch(/^ranks:/);
  });
});
