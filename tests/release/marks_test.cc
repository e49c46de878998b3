#include "release/marks.h"

#include "support/catch.h"

namespace rampart::release {
namespace {

using Marks = std::vector<std::string>;

TEST_CASE("marks of a message's header", "[release]") {
  // As postcat -h of Postfix 3.7 writes it.
  CHECK(find_marks("Received: from x\n\tby y\nX-Rampart-Held: one\nSubject: a\n"
                   "x-rampart-HELD:   two \t\nX-Rampart-Held:\n") == Marks{"one", "two", ""});
  CHECK(find_marks("").empty());
  CHECK(find_marks("X-Rampart-Held").empty());
  CHECK(find_marks("Subject: x\n X-Rampart-Held: folded\n\tX-Rampart-Held: folded\n").empty());
  CHECK(find_marks("X-Rampart-Held : x\nX-Rampart-Held2: x\nX-Rampart: x\n:X-Rampart-Held: x\n")
            .empty());
  CHECK(find_marks(std::string("X-Rampart-Held: a\0b\r\n", 22)) == Marks{std::string("a\0b", 3)});
}

TEST_CASE("marks of Sendmail's queue file", "[release]") {
  // As Sendmail 8.17 writes hf files.
  CHECK(find_marks_in_queue_file("V8\nT1795252911\nqa reason\nS<a@shop.example>\n"
                                 "rRFC822; b@big.example\nRPFD:<b@big.example>\n"
                                 "H?P?Return-Path: <g>\nH??Received: from x\n\tby y\n"
                                 "H??X-Rampart-Held: one\nH?x?X-Rampart-Held: two\n.\n"
                                 "H??X-Rampart-Held: behind the end\n") == Marks{"one", "two"});
  CHECK(find_marks_in_queue_file("").empty());
  CHECK(find_marks_in_queue_file("X-Rampart-Held: x\nHX-Rampart-Held: x\nH?X-Rampart-Held: x\n"
                                 "q X-Rampart-Held: x\nH??Subject: x\n\tH??X-Rampart-Held: x\n")
            .empty());
}

}  // namespace
}  // namespace rampart::release
