/**
 * Instruction templates as chat templates (Jinja, as in tokenizer_config.json), so that whoever reads a checkpoint
 * renders prompts as it was trained. Sources: Taori et al. 2023 (Alpaca, the form without input); OpenAI's ChatML.
 */
import type { SftConfig } from "../../domain/run";

const ALPACA = `{{ 'Below is an instruction that describes a task. Write a response that appropriately completes the request.\\n\\n' }}{% for message in messages %}{% if message['role'] == 'user' %}{{ '### Instruction:\\n' + message['content'] + '\\n\\n' }}{% elif message['role'] == 'assistant' %}{{ '### Response:\\n' + message['content'] + eos_token + '\\n\\n' }}{% else %}{{ message['content'] + '\\n\\n' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '### Response:\\n' }}{% endif %}`;

const CHATML = `{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}`;

const PLAIN = `{% for message in messages %}{{ message['content'] + '\\n' }}{% endfor %}`;

/** The template that a config asks for, or null for the model's own. */
export function chatTemplateOf({ template, customTemplate }: Pick<SftConfig, "template" | "customTemplate">): string | null {
  switch (template) {
    case "model":
      return null;
    case "alpaca":
      return ALPACA;
    case "chatml":
      return CHATML;
    case "plain":
      return PLAIN;
    case "custom":
      return customTemplate;
    default:
      return template satisfies never;
  }
}
