// A list of suppressions of any length, page by page.
//
// Threads: main thread.

#pragma once

#include <string>
#include <utility>
#include <vector>

#include "rampart/control/answers.h"

#include "service.h"

namespace rampart::cli {

/// @param request  of suppression.list, without "after" and "limit"
/// @param page     is called with the entries of each page, as JSON and read
template <class Page>
void for_each_page(const Service& service, Json request, const Page& page) {
  request["limit"] = 10'000U;
  for (bool more = true; more;) {
    const Json json = service.ask(request);
    const auto answer = control::decode<control::SuppressionPage>(json);
    page(json.at("entries"), answer.entries);
    more = answer.more && !answer.entries.empty();
    if (more) {
      request["after"] = answer.entries.back().key;
    }
  }
}

}  // namespace rampart::cli
