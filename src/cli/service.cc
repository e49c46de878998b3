#include "service.h"

#include "rampart/control/client.h"

#include "json.h"
#include "options_for.h"
#include "output.h"

namespace rampart::cli {
namespace {

using base::Error;

[[noreturn]] void tell_unanswered(const Error& error, const std::string& socket) {
  switch (error.kind) {
    case Error::Kind::Denied:
      throw Failure{
          kNotPermitted, "denied",
          error.what + "; only root, rampart's user and its control group may command it"};
    case Error::Kind::InvalidInput:
      throw Failure{kUsage, "usage", error.what};
    case Error::Kind::Unavailable:
      throw Failure{kUnreachable, "unreachable",
                    "the service cannot be reached: " + error.what +
                        "; is it running? (systemctl status rampart)"};
    default:
      throw Failure{kUnreachable, "unreachable",
                    "the service gave no answer: " + socket + ": " + error.what};
  }
}

[[noreturn]] void tell_refused(const Json& error) {
  const std::string code = text_of(error, "code");
  const int exit_code = code == "usage" ? kUsage : code == "denied" ? kNotPermitted : kRefused;
  throw Failure{exit_code, code, text_of(error, "text")};
}

}  // namespace

Service::Service(const Arguments& arguments) : socket_(find_socket(arguments)) {}

Json Service::ask(const Json& request, base::Micros timeout) const {
  const auto answer = control::request(socket_, dump(request), timeout);
  if (!answer) {
    tell_unanswered(answer.error(), socket_);
  }
  Json json = Json::parse(*answer, nullptr, false);
  if (!json.is_object()) {
    throw Failure{kUnreachable, "unreachable", socket_ + " answers, but not as rampart does"};
  }
  if (const auto error = json.find("error"); error != json.end()) {
    tell_refused(*error);
  }
  return json;
}

Json Service::flow_request(const char* command, const Arguments& arguments) {
  return {
      {"command", command}, {"sender", arguments.words.at(0)}, {"provider", arguments.words.at(1)}};
}

}  // namespace rampart::cli
