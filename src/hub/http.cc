#include "hub/http.h"

#include <algorithm>
#include <cctype>
#include <exception>
#include <memory>
#include <stdexcept>

#include <curl/curl.h>

namespace assay {
namespace {

template <auto kFree>
struct Deleter {
  template <class T>
  void operator()(T* handle) const {
    kFree(handle);
  }
};
using EasyHandle = std::unique_ptr<CURL, Deleter<&curl_easy_cleanup>>;
using MultiHandle = std::unique_ptr<CURLM, Deleter<&curl_multi_cleanup>>;
using HeaderList = std::unique_ptr<curl_slist, Deleter<&curl_slist_free_all>>;
using UrlHandle = std::unique_ptr<CURLU, Deleter<&curl_url_cleanup>>;

void start_curl_once() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (started != CURLE_OK) throw std::runtime_error("libcurl cannot be started");
}

struct Exchange {
  const HttpRequest& request;
  HttpResponse response;
  std::exception_ptr thrown;  // exceptions must not pass through libcurl's frames
  bool ended_by_receiver = false;
};

std::size_t receive_header(char* data, std::size_t, std::size_t size, void* user) {
  Exchange& exchange = *static_cast<Exchange*>(user);
  const std::string_view line(data, size);
  if (line.starts_with("HTTP/")) exchange.response.headers.clear();  // after a 1xx or a proxy
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  std::string_view value = line.substr(colon + 1);
  constexpr std::string_view kSpace = " \t\r\n";
  value.remove_prefix(std::min(value.find_first_not_of(kSpace), value.size()));
  value = value.substr(0, value.find_last_not_of(kSpace) + 1);
  exchange.response.headers[name] = value;
  return size;
}

void note_status(Exchange& exchange, CURL* easy) {
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  exchange.response.status = static_cast<int>(status);
}

struct BodyReceiver {
  Exchange* exchange;
  CURL* easy;
};

std::size_t receive_body(char* data, std::size_t, std::size_t size, void* user) {
  const BodyReceiver& receiver = *static_cast<BodyReceiver*>(user);
  Exchange& exchange = *receiver.exchange;
  if (exchange.request.stop.stop_requested()) return 0;
  if (!exchange.request.on_body) return size;
  note_status(exchange, receiver.easy);
  try {
    if (exchange.request.on_body(exchange.response, {data, size})) return size;
    exchange.ended_by_receiver = true;
  } catch (...) {
    exchange.thrown = std::current_exception();
  }
  return 0;  // fewer than offered ends the transfer
}

bool may_pass(CURLcode code) {
  constexpr CURLcode kTransient[] = {CURLE_COULDNT_RESOLVE_HOST,
                                     CURLE_COULDNT_RESOLVE_PROXY,
                                     CURLE_COULDNT_CONNECT,
                                     CURLE_OPERATION_TIMEDOUT,
                                     CURLE_PARTIAL_FILE,
                                     CURLE_GOT_NOTHING,
                                     CURLE_RECV_ERROR,
                                     CURLE_SEND_ERROR,
                                     CURLE_HTTP2,
                                     CURLE_HTTP2_STREAM,
                                     CURLE_SSL_CONNECT_ERROR};
  return std::find(std::begin(kTransient), std::end(kTransient), code) != std::end(kTransient);
}

void set_options(CURL* easy, const HttpRequest& request, BodyReceiver& receiver) {
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_NOBODY, request.head ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, 20L);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(request.stall_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "assay");
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &receive_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, receiver.exchange);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &receive_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &receiver);
#if LIBCURL_VERSION_NUM >= 0x075500
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

// The multi interface, because curl_easy_perform would notice a stop only about once a second.
CURLcode perform(CURL* easy, const std::stop_token& stop) {
  const MultiHandle multi(curl_multi_init());
  if (!multi) throw std::bad_alloc();
  curl_multi_add_handle(multi.get(), easy);
  CURLcode result = CURLE_ABORTED_BY_CALLBACK;
  {
    const std::stop_callback wake(stop, [&multi] { curl_multi_wakeup(multi.get()); });
    int n_running = 1;
    while (n_running > 0 && !stop.stop_requested()) {
      if (curl_multi_perform(multi.get(), &n_running) != CURLM_OK) break;
      if (n_running > 0) curl_multi_poll(multi.get(), nullptr, 0, 500, nullptr);
    }
    int n_left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi.get(), &n_left)) {
      if (message->msg == CURLMSG_DONE) result = message->data.result;
    }
  }
  curl_multi_remove_handle(multi.get(), easy);
  return result;
}

UrlHandle parse_url(const std::string& url) {
  UrlHandle handle(curl_url());
  if (!handle || curl_url_set(handle.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return {};
  return handle;
}

std::string part_of(CURLU* url, CURLUPart part, unsigned flags) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

}  // namespace

std::string HttpResponse::header(const std::string& lower_case_name) const {
  const auto found = headers.find(lower_case_name);
  return found == headers.end() ? std::string() : found->second;
}

HttpResponse send_http(const HttpRequest& request) {
  start_curl_once();
  if (request.on_start) request.on_start();
  const EasyHandle easy(curl_easy_init());
  if (!easy) throw std::bad_alloc();
  Exchange exchange{.request = request};
  BodyReceiver receiver{&exchange, easy.get()};
  set_options(easy.get(), request, receiver);
  HeaderList headers;
  for (const std::string& header : request.headers) {
    curl_slist* longer = curl_slist_append(headers.get(), header.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(headers.release());  // `longer` is the same list
    headers.reset(longer);
  }
  curl_easy_setopt(easy.get(), CURLOPT_HTTPHEADER, headers.get());

  const CURLcode code = perform(easy.get(), request.stop);
  if (exchange.thrown) std::rethrow_exception(exchange.thrown);
  HttpResponse& response = exchange.response;
  note_status(exchange, easy.get());
  response.url = request.url;
  response.stopped = request.stop.stop_requested();
  const char* redirect = nullptr;
  curl_easy_getinfo(easy.get(), CURLINFO_REDIRECT_URL, &redirect);
  if (redirect != nullptr) response.redirect_url = redirect;
  if (code != CURLE_OK && !exchange.ended_by_receiver) {
    response.failure = curl_easy_strerror(code);
    response.transient = may_pass(code);
  }
  return std::move(exchange.response);
}

std::string escape_url_path(std::string_view path) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~/";
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string escaped;
  for (const char c : path) {
    if (kPlain.find(c) != std::string_view::npos) {
      escaped += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      escaped += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return escaped;
}

std::string origin_of(const std::string& url) {
  const UrlHandle handle = parse_url(url);
  if (!handle) return {};
  const std::string scheme = part_of(handle.get(), CURLUPART_SCHEME, 0);
  if (scheme != "http" && scheme != "https") return {};
  std::string host = part_of(handle.get(), CURLUPART_HOST, 0);
  std::transform(host.begin(), host.end(), host.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return scheme + "://" + host + ":" + part_of(handle.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
}

std::string displayed_url(const std::string& url) {
  const UrlHandle handle = parse_url(url);
  if (!handle) return "an unreadable address";
  for (const CURLUPart part :
       {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT}) {
    curl_url_set(handle.get(), part, nullptr, 0);
  }
  return part_of(handle.get(), CURLUPART_URL, 0);
}

std::string resolve_url(const std::string& base, const std::string& relative) {
  const UrlHandle handle = parse_url(base);
  if (!handle || curl_url_set(handle.get(), CURLUPART_URL, relative.c_str(), 0) != CURLUE_OK) {
    return {};
  }
  return part_of(handle.get(), CURLUPART_URL, 0);
}

}  // namespace assay
