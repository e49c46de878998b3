#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "rampart/reply/normalise.h"
#include "rampart/reply/suggest.h"
#include "rampart/reply/table.h"

namespace {

using namespace rampart;

void require(bool good) {
  if (!good) {
    std::abort();
  }
}

bool is_clean(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return false;
    }
  }
  return true;
}

reply::Table make_table() {
  reply::Rule words;
  words.name = "words";
  words.match = std::vector<std::string>{"{mailbox}{..}{missing}", "{origin}{..}{refused}",
                                         "a(b|c+)*d", "^[^x]{3,9}y"};
  words.reply_class = reply::ReplyClass::Policy;
  words.samples.push_back({"550 user unknown", "", mail::Stage::Unknown, {}, ""});
  auto table = reply::Table::compile({words}, {});
  return std::move(*table);
}

}  // namespace

// Any bytes give a bounded text without control bytes, a class, and a suggestion of whole lines.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const reply::Table table = make_table();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto once = reply::normalise(text, mail::Stage::Unknown);
  require(once.text.size() <= reply::kTextBytesMax);
  require(is_clean(once.text));
  require(once.code == 0 || (once.code >= 200 && once.code <= 599));
  const std::string general = reply::generalise(text);
  require(general.size() <= reply::kGeneralBytesMax && is_clean(general));
  reply::Question question;
  question.reply = text;
  require(table.classify(question).rule < table.size());
  const std::string rule = reply::suggest_rule(question);
  require(rule.starts_with("[[rule]]\n") && rule.ends_with("}]\n"));
  return 0;
}
