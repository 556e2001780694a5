// @tensorflow/tfjs-node-gpu's binding, compiled as it is, and what it lacks: a whole graph as one operation of the eager
// context. Its arguments and results stay where they are, which on a GPU is the difference between a step and a step
// plus a copy of all weights there and back: the package's own graphs (SavedModels) take and give tensors of the host.

#include <node_api.h>
#include <cstring>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

// The context is the package's own.
#define private public
#include "tfjs_backend.h"
#undef private

// The package's module is registered below, together with the rest.
#undef NAPI_MODULE
#define NAPI_MODULE(name, init)
#include "tfjs_backend.cc"
#include "tfjs_binding.cc"

namespace hone {

using tfnodejs::TFJSBackend;

template <typename T, void (*Delete)(T *)>
using Owned = std::unique_ptr<T, std::integral_constant<decltype(Delete), Delete>>;

/** Throws in JavaScript; returns nullptr for `return fail(...)`. */
napi_value fail(napi_env env, const std::string &message) {
  napi_throw_error(env, nullptr, message.c_str());
  return nullptr;
}

std::string to_string(napi_env env, napi_value value) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) return "";
  std::string text(length, '\0');
  napi_get_value_string_utf8(env, value, &text[0], length + 1, &length);
  return text;
}

/** addFunction(name, graphDef: Uint8Array, inputs: number, outputs: number): nodes a0, a1, ... become the arguments, o0, o1, ...
 * the results of an operation `name`, which executeOp runs. */
napi_value AddFunction(napi_env env, napi_callback_info info) {
  size_t argc = 4;
  napi_value args[4];
  napi_get_cb_info(env, info, &argc, args, nullptr, nullptr);
  napi_typedarray_type type;
  size_t length = 0;
  void *bytes = nullptr;
  uint32_t counts[2];
  if (argc < 4 || napi_get_typedarray_info(env, args[1], &type, &length, &bytes, nullptr, nullptr) != napi_ok ||
      napi_get_value_uint32(env, args[2], &counts[0]) != napi_ok || napi_get_value_uint32(env, args[3], &counts[1]) != napi_ok)
    return fail(env, "addFunction takes a name, a graph's bytes, and how many arguments and results it has");
  TFJSBackend *backend = tfnodejs::GetTFJSBackend(env);
  if (backend == nullptr) return nullptr;
  const std::string name = to_string(env, args[0]);

  Owned<TF_Status, TF_DeleteStatus> status(TF_NewStatus());
  Owned<TF_Graph, TF_DeleteGraph> graph(TF_NewGraph());
  Owned<TF_Buffer, TF_DeleteBuffer> buffer(TF_NewBufferFromString(bytes, length));
  Owned<TF_ImportGraphDefOptions, TF_DeleteImportGraphDefOptions> options(TF_NewImportGraphDefOptions());
  TF_GraphImportGraphDef(graph.get(), buffer.get(), options.get(), status.get());
  if (TF_GetCode(status.get()) != TF_OK) return fail(env, "The graph " + name + " is refused: " + TF_Message(status.get()));

  std::vector<TF_Output> ends[2];
  for (int side = 0; side < 2; side++) {
    for (uint32_t i = 0; i < counts[side]; i++) {
      const std::string node = (side == 0 ? "a" : "o") + std::to_string(i);
      TF_Operation *operation = TF_GraphOperationByName(graph.get(), node.c_str());
      if (operation == nullptr) return fail(env, "The graph " + name + " has no node " + node);
      ends[side].push_back({operation, 0});
    }
  }
  Owned<TF_Function, TF_DeleteFunction> function(TF_GraphToFunction(graph.get(), name.c_str(), 0, -1, nullptr, ends[0].size(), ends[0].data(),
                                                                    ends[1].size(), ends[1].data(), nullptr, nullptr, nullptr, status.get()));
  if (TF_GetCode(status.get()) == TF_OK) TFE_ContextAddFunction(backend->tfe_context_, function.get(), status.get());
  if (TF_GetCode(status.get()) != TF_OK) return fail(env, "The graph " + name + " makes no function: " + TF_Message(status.get()));
  return nullptr;
}

/** removeFunction(name) */
napi_value RemoveFunction(napi_env env, napi_callback_info info) {
  size_t argc = 1;
  napi_value args[1];
  napi_get_cb_info(env, info, &argc, args, nullptr, nullptr);
  TFJSBackend *backend = tfnodejs::GetTFJSBackend(env);
  if (backend == nullptr) return nullptr;
  Owned<TF_Status, TF_DeleteStatus> status(TF_NewStatus());
  TFE_ContextRemoveFunction(backend->tfe_context_, to_string(env, args[0]).c_str(), status.get());
  if (TF_GetCode(status.get()) != TF_OK) return fail(env, TF_Message(status.get()));
  return nullptr;
}

napi_value Init(napi_env env, napi_value exports) {
  exports = tfnodejs::InitTFNodeJSBinding(env, exports);
  if (exports == nullptr) return nullptr;
  const napi_property_descriptor properties[] = {
      {"addFunction", nullptr, AddFunction, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"removeFunction", nullptr, RemoveFunction, nullptr, nullptr, nullptr, napi_default, nullptr},
  };
  napi_define_properties(env, exports, 2, properties);
  return exports;
}

NAPI_MODULE_INIT() { return Init(env, exports); }

}  // namespace hone
