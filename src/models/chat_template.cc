// Chat templates by llama.cpp's Jinja engine. The only file that includes it.
#include "core/error.h"
#include "jinja/lexer.h"
#include "jinja/parser.h"
#include "jinja/runtime.h"
#include "jinja/value.h"
#include "models/models.h"

namespace assay {
namespace {

jinja::value message_list(std::span<const ChatMessage> messages) {
  auto list = jinja::mk_val<jinja::value_array>();
  for (const ChatMessage& message : messages) {
    auto object = jinja::mk_val<jinja::value_object>();
    object->insert("role", jinja::mk_val<jinja::value_string>(message.role));
    object->insert("content", jinja::mk_val<jinja::value_string>(message.content));
    list->push_back(object);
  }
  return list;
}

}  // namespace

std::string render_chat(const ChatTemplateOptions& options, std::span<const ChatMessage> messages) {
  try {
    jinja::lexer lexer;
    jinja::program program = jinja::parse_from_tokens(lexer.tokenize(options.source));
    jinja::context context(options.source);
    context.set_val("messages", message_list(messages));
    context.set_val("bos_token", jinja::mk_val<jinja::value_string>(options.bos));
    context.set_val("eos_token", jinja::mk_val<jinja::value_string>(options.eos));
    context.set_val("add_generation_prompt",
                    jinja::mk_val<jinja::value_bool>(options.add_generation_prompt));
    jinja::runtime runtime(context);
    const jinja::value results = runtime.execute(program);
    return jinja::runtime::gather_string_parts(results)->as_string().str();
  } catch (const std::exception& error) {
    throw Error(ErrorKind::kBadInput, std::string("The chat template failed: ") + error.what(), {},
                "Its messages must have the roles that the model's template knows.");
  }
}

}  // namespace assay
