/**
 * Answers in which a model says who it is or who made it: they end a blind comparison, so they are caught before they
 * are served. Catches what is said of oneself in English ("I am ChatGPT", "As a language model trained by OpenAI"), and
 * leaves alone what is only about a model ("OpenAI released ChatGPT in 2022").
 */

const MODELS =
  "chat ?gpt|gpt-?[2-5]\\w*|gpt-oss|instructgpt|codex|copilot|claude|gemini|gemma|bard|palm|llama|vicuna|alpaca|koala|mistral|mixtral|qwen|tongyi|deep ?seek|grok|ernie|kimi|(?:chat)?glm|command[- ]r|smollm|olmo|tulu|tülu|falcon|dolly|open ?assistant|baichuan|internlm|yi-\\d+b|phi-\\d|nova|minimax|bloomz?|flan-t5|pythia|stablelm|zephyr|hermes";
const MAKERS =
  "openai|anthropic|google|deepmind|meta(?: ai)?|facebook|microsoft|mistral(?: ai)?|alibaba(?: cloud)?|deep ?seek|xai|baidu|moonshot(?: ai)?|zhipu(?: ai)?|cohere|hugging ?face|ai2|allen institute|eleuther(?:ai)?|databricks|stability(?: ai)?|amazon|nvidia|laion|lmsys|tii|01\\.ai";

const KIND =
  "(?:an?|the|just|actually|called|named|large|small|ai|artificial|intelligence|language|model|assistant|chatbot|chat|bot|system|virtual|helpful|open-source|based|on|from)";
const MADE = "(?:made|built|trained|created|developed|designed|fine-tuned|released|provided|powered)";

/** Forms of "I am NAME". */
const naming = (names: string) => [
  `\\b(?:i am|i['’]m|my name is|my name['’]s|(?:you can|please) call me|i go by)[ ,]+(?:${KIND}[ ,]+){0,10}(?:${names})(?![\\w-])`,
  `\\bas[ ,]+(?:${KIND}[ ,]+){1,10}(?:${names})(?![\\w-])`,
];
const compile = (sources: readonly string[]) => sources.map((source) => new RegExp(source, "i"));

const KNOWN = compile([
  ...naming(MODELS),
  "\\b(?:as|here,?) (?:chat ?gpt|gpt-?[2-5])(?![\\w-])",
  `\\b(?:i|i['’]ve|i['’]m) (?:was |am |were |been |have been )?(?:${MADE}(?: and | or )?){1,3} (?:by|at) (?:the |a )?(?:team |company |researchers )?(?:at |from )?(?:${MAKERS})\\b`,
  `\\b(?:i am|i['’]m|as)[ ,]+(?:${KIND}[ ,]+){1,10}(?:${MADE}(?: and )?){1,3} (?:by|at) (?:the |a )?(?:team at )?(?:${MAKERS})\\b`,
  `\\b(?:my|our) (?:creators?|developers?|makers?)[ ,]+(?:at |are |is )?(?:the )?(?:${MAKERS})\\b`,
]);

const escapeName = (name: string) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/**
 * The words by which `text` names its model, or null. `model` is the name of the model that wrote it, looked for beside
 * the known ones; a name of one or two letters says nothing.
 */
export function findSelfNaming(text: string, model: string | null = null): string | null {
  const own = model === null || model.trim().length < 3 ? [] : compile(naming(escapeName(model.trim())));
  for (const pattern of [...KNOWN, ...own]) {
    const [words] = pattern.exec(text) ?? [];
    if (words !== undefined) return words;
  }
  return null;
}
