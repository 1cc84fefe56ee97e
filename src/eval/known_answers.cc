#include <array>
#include <string>
#include <utility>

#include "core/error.h"
#include "eval/eval.h"

namespace assay {
namespace {

struct Item {
  const char* context;
  const char* right;
  const char* wrong;  // the same words in an order that nobody writes
};

// Plain sentences in words that a model of children's stories knows too.
constexpr std::array<Item, 12> kItems{{
    {"Once upon a time,", " there was a little girl who", " girl who little there a was"},
    {"She opened the door and", " went into the house.", " house the. into went"},
    {"The boy was very happy because", " he had a new toy.", " toy had. a he new"},
    {"One day, the dog saw", " a big red ball in the park.", " in ball a. park the red big"},
    {"It was time to go to bed, so", " he said good night to his mom.",
     " mom night. said to good his he"},
    {"They played together and", " had a lot of fun.", " fun lot had. of a"},
    {"He was hungry, so he", " ate a big apple.", " apple. big a ate"},
    {"The sun was shining and", " the birds were singing.", " singing. the were birds"},
    {"Her mom smiled and said,", " \"I love you very much.\"", " \"love much very. you I\""},
    {"The cat climbed up", " the tall tree in the garden.", " in tree tall garden. the the"},
    {"At the end of the day", " they all went home.", " went. home all they"},
    {"He wanted to play outside, but", " it was raining.", " raining it. was"},
}};

Request request_of(const Item& item, bool right) {
  return {.index = right ? 0 : 1,
          .body = Loglikelihood{item.context, right ? item.right : item.wrong}};
}

}  // namespace

KnownAnswers ask_known_answers(Model& model, const EncodeOptions& encode, int n_threads,
                               std::stop_token stop) {
  EncodeOptions plain = encode;
  plain.chat = false;  // the sentences stand without a conversation around them
  std::vector<EncodedRequest> requests;
  for (const Item& item : kItems) {
    for (const bool right : {true, false})
      requests.push_back(encode_request(request_of(item, right), model, plain));
  }
  std::vector<double> scores(requests.size());
  RunRequestsOptions options{.n_threads = n_threads, .stop = std::move(stop)};
  options.done = [&](std::size_t index, const Response& response) {
    if (const auto* error = std::get_if<RequestError>(&response))
      throw Error(ErrorKind::kEngine, error->message, model.info().path,
                  "Try another file of this model.");
    scores[index] = std::get<LoglikelihoodResult>(response).loglikelihood;
  };
  run_requests(model, requests, options);
  KnownAnswers result;
  for (std::size_t i = 0; i < scores.size(); i += 2) {
    ++result.n;
    if (scores[i] > scores[i + 1]) ++result.n_right;
  }
  return result;
}

}  // namespace assay
