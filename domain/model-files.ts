/** Files of a model folder that the trainer reads, and what says under which licence they are; others are left behind. */
export const MODEL_FILES =
  /^(config\.json|generation_config\.json|tokenizer\.json|tokenizer_config\.json|special_tokens_map\.json|chat_template\.jinja|model[\w.-]*\.safetensors|model\.safetensors\.index\.json|LICEN[CS]E(\.(txt|md))?|README\.md)$/;
