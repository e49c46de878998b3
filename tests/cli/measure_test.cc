// What `explain --message` makes of a labelled collection of mails, if there is one beside the
// checkout. In two halves: A may be read while rules are written, B is only measured.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "rampart/base/text.h"
#include "rampart/config/config.h"
#include "support/catch.h"

#include "cli/explain_message.h"
#include "cli/json.h"

namespace rampart::cli {
namespace {

const std::string kCollection = RAMPART_SOURCE_DIR "/../shared/corpus/";
const std::string kLabels = kCollection + "messages/expected.jsonl";

/// FNV-1a: which half a mail belongs to must never change.
bool in_half_a(const std::string& id) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : id) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  return (hash >> 32U) % 2 == 0;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

// The spelling that is compared.
std::string plain(const std::string& address) {
  const auto parsed = mail::parse_address(address);
  return base::to_lower(parsed ? mail::to_string(*parsed) : address);
}

bool names(const Json& recipient, const Json& expected) {
  std::set<std::string> wanted{plain(text_of(expected, "recipient"))};
  if (const std::string alias = text_of(expected, "alias"); !alias.empty()) {
    wanted.insert(plain(alias));
  }
  return wanted.contains(plain(text_of(recipient, "recipient"))) ||
         wanted.contains(plain(text_of(recipient, "original")));
}

bool right_class(const std::string& found, const Json& expected) {
  const Json& also = expected["also"];
  return found == text_of(expected, "class") ||
         std::find(also.begin(), also.end(), found) != also.end();
}

struct Figures {
  int mails = 0;
  int kinds = 0;
  int expected = 0;
  int found = 0;
  int invented = 0;
  int classes = 0;
  int undefined = 0;  ///< of those that have another class
  int must = 0;       ///< be suppressed at once
  int missed = 0;
  int must_not = 0;
  int wrongly = 0;

  // @return what is wrong, "" if nothing is
  std::string add(const Json& labelled, const Json& answer) {
    std::string wrong;
    ++mails;
    kinds += text_of(answer, "kind") == text_of(labelled, "kind") ? 1 : 0;
    std::set<std::size_t> known;
    for (const Json& wanted : labelled["recipients"]) {
      ++expected;
      bool seen = false;
      for (std::size_t i = 0; i < answer["recipients"].size(); ++i) {
        if (names(answer["recipients"][i], wanted)) {
          known.insert(i);
          wrong += seen ? "" : compare(answer["recipients"][i], wanted);
          found += seen ? 0 : 1;
          seen = true;
        }
      }
      wrong += seen ? "" : " missed=" + text_of(wanted, "recipient");
    }
    invented += static_cast<int>(answer["recipients"].size() - known.size());
    return wrong;
  }

  std::string compare(const Json& recipient, const Json& wanted) {
    const std::string found_class = text_of(recipient, "class");
    const bool good = right_class(found_class, wanted);
    classes += good ? 1 : 0;
    undefined += !good && found_class == "undefined" ? 1 : 0;
    std::string wrong = good ? "" : " class=" + found_class + "!=" + text_of(wanted, "class");
    const bool suppress = flag_of(recipient, "suppress");
    if (const Json& label = wanted["suppress"]; label == true) {
      ++must;
      missed += suppress ? 0 : 1;
      wrong += suppress ? "" : " not suppressed";
    } else if (label == false) {
      ++must_not;
      wrongly += suppress ? 1 : 0;
      wrong += suppress ? " SUPPRESSED" : "";
    }
    return wrong.empty() ? wrong : wrong + " [" + text_of(recipient, "reply").substr(0, 160) + "]";
  }
};

double share(int part, int whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / whole;
}

void print(const char* name, const Figures& f) {
  std::printf(
      "%s: %d mails, kinds right %.3f, recipients found %.3f (%d of %d), invented %d; of those "
      "found: class right %.3f, undefined instead %.3f, wrongly suppressed %d of %d, not "
      "suppressed %d of %d\n",
      name, f.mails, share(f.kinds, f.mails), share(f.found, f.expected), f.found, f.expected,
      f.invented, share(f.classes, f.found), share(f.undefined, f.found), f.wrongly, f.must_not,
      f.missed, f.must);
}

void check_floors(const Figures& f) {
  CHECK(share(f.kinds, f.mails) >= 0.97);
  CHECK(share(f.found, f.expected) >= 0.97);
  CHECK(share(f.invented, f.expected) <= 0.015);
  CHECK(share(f.classes, f.found) >= 0.80);
  CHECK(share(f.wrongly, f.must_not) <= 0.03);
  CHECK(share(f.missed, f.must) <= 0.20);
}

struct Measured {
  Figures a;
  Figures b;
};

// @param list  print what half A gets wrong; there is no such list for half B, on purpose
Measured measure(bool list) {
  const config::Loaded loaded = config::load({"", RAMPART_SOURCE_DIR "/conf"});
  REQUIRE(loaded.config != nullptr);
  Measured measured;
  std::ifstream labels(kLabels);
  std::string line;
  while (std::getline(labels, line)) {
    const Json labelled = Json::parse(line);
    const std::string id = text_of(labelled, "id");
    const Json answer =
        message_json(*loaded.config->policy,
                     report::read_message(read_file(kCollection + text_of(labelled, "file")),
                                          loaded.config->policy->phrases));
    const bool first = in_half_a(id);
    const std::string wrong = (first ? measured.a : measured.b).add(labelled, answer);
    if (list && first && !wrong.empty()) {
      std::printf("%s:%s\n", id.c_str(), base::printable(wrong).c_str());
    }
  }
  return measured;
}

TEST_CASE("a labelled collection of mails is explained", "[cli][measure]") {
  if (!std::filesystem::exists(kLabels)) {
    WARN("no collection beside the checkout: nothing measured");
    return;
  }
  const std::clock_t start = std::clock();
  const Measured measured = measure(false);
  print("half A", measured.a);
  print("half B", measured.b);
  std::printf("%.2f s of processor time, rules included\n",
              static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  check_floors(measured.a);
  check_floors(measured.b);
}

TEST_CASE("wrongly explained mails of half A", "[.misses]") {
  measure(true);
}

}  // namespace
}  // namespace rampart::cli
