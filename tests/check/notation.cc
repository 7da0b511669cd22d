#include "tests/check/notation.hh"

#include <gtest/gtest.h>

#include <sstream>

namespace gyre::check {

Process process(char name) {
  const bool second = name >= 'a';
  return {NodeId(static_cast<unsigned>(name - (second ? 'a' - 1 : '0'))), second ? 2U : 1U};
}

namespace {

totem::RingId ring(const std::string& name, const Process& at) {
  if (name == "own") return {1, at.node, at.incarnation};
  return {std::stoul(name), NodeId(1), 77};
}

std::vector<NodeId> members(const std::string& digits) {
  std::vector<NodeId> ids;
  for (const char digit : digits) ids.push_back(process(digit).node);
  return ids;
}

}  // namespace

Sent message(const std::string& name) {
  const auto dot = name.find('.'), sender = name.find('@');
  const totem::Place place{ring(name.substr(0, dot), {}),
                           totem::Seq{std::stoul(name.substr(dot + 1))}, 0};
  Content content{process(name[sender + 1]).node};
  if (name.find('s') != name.npos) content.guarantee = totem::Guarantee::safe;
  content.hash = name.find('!') != name.npos ? 2 : 1;
  return {place, content};
}

namespace {

Event event(const std::string& verb, std::istream& line, const Process& at) {
  std::string first, second, third;
  line >> first >> second >> third;
  using Kind = totem::Configuration::Kind;
  if (verb == "R")
    return Installed{Kind::regular, ring(first, at), ring(second, at), members(third)};
  if (verb == "T")
    return Installed{Kind::transitional, ring(first, at), ring(second, at), members(third)};
  if (verb == "sends") return message(first);
  if (verb == "delivers") return Delivered{message(first).place, message(first).content};
  if (verb == "truncated") return Truncated{};
  EXPECT_EQ(verb, "fails");
  return Failed{};
}

// One process does one thing.
void play(const Process& at, const std::string& verb, const std::string& rest, Checker& checker) {
  std::istringstream arguments(rest);
  if (verb == "lost") return checker.file_lost(at.node);
  if (verb != "quorate" && verb != "fenced") return checker.add(at, event(verb, arguments, at));
  std::string name;
  std::uint64_t seq = 0, hash = 0;
  arguments >> name >> seq >> hash;
  checker.add(at, Judged{{ring(name, at), totem::Seq{seq}, 0}, true, verb == "fenced", hash});
}

}  // namespace

void play(const std::string& trace, Checker& checker, bool settled) {
  std::istringstream lines(trace);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string processes, verb, rest;
    if (!(words >> processes >> verb)) continue;
    std::getline(words, rest);
    for (const char name : processes) play(process(name), verb, rest, checker);
    if (settled) checker.settle();
  }
}

std::set<std::string> broken(const std::string& trace, bool rests, bool settled) {
  Checker checker;
  play(trace, checker, settled);
  std::set<std::string> clauses;
  for (const Violation& violation : checker.finish(rests)) clauses.insert(violation.clause);
  return clauses;
}

}  // namespace gyre::check
