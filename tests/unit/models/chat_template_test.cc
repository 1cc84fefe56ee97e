#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/error.h"
#include "models/models.h"

namespace assay {
namespace {

// The ChatML form that many models ship, written out here.
const std::string kChatMl =
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + "
    "message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

const std::vector<ChatMessage> kMessages = {
    {"system", "Be brief."}, {"user", "1+1?"}, {"assistant", "Two, \"2\" {{ x }}"}};

TEST(RenderChat, ChatMl) {
  EXPECT_EQ(render_chat({.source = kChatMl}, kMessages),
            "<|im_start|>system\nBe brief.<|im_end|>\n"
            "<|im_start|>user\n1+1?<|im_end|>\n"
            "<|im_start|>assistant\nTwo, \"2\" {{ x }}<|im_end|>\n");
}

TEST(RenderChat, GenerationPromptIsAddedOnRequest) {
  const std::span<const ChatMessage> two = std::span(kMessages).first(2);
  const std::string without = render_chat({.source = kChatMl}, two);
  EXPECT_EQ(render_chat({.source = kChatMl, .add_generation_prompt = true}, two),
            without + "<|im_start|>assistant\n");
}

TEST(RenderChat, KnowsTheTokensTexts) {
  const std::string source =
      "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content | trim }}{{ eos_token }}"
      "{% endfor %}";
  const std::vector<ChatMessage> messages = {{"user", "  hi \n"}, {"assistant", "yes"}};
  EXPECT_EQ(render_chat({.source = source, .bos = "<s>", .eos = "</s>"}, messages),
            "<s>[user]hi</s>[assistant]yes</s>");
}

void expect_failure(const std::string& source, const std::string& part) {
  try {
    render_chat({.source = source}, kMessages);
    FAIL() << source;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
    const std::string what = error.what();
    EXPECT_NE(what.find("The chat template failed"), std::string::npos) << what;
    EXPECT_NE(what.find(part), std::string::npos) << what;
  }
}

TEST(RenderChat, TheTemplatesOwnMessageIsKept) {
  expect_failure(
      "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}"
      "{% endif %}",
      "System role not supported");
}

TEST(RenderChat, ASyntaxErrorIsNoCrash) {
  expect_failure("{% for message in messages %}{{ message['role'] }}", "");
  expect_failure("{{ 1 + }}", "");
}

}  // namespace
}  // namespace assay
