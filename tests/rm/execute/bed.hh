// A run directory, agents written for the test, and gyre-rm's end of gyre-exec.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "rm/execute/client.hh"
#include "rm/local/loop.hh"
#include "tests/node/temporary.hh"
#include "tests/rm/local/turning.hh"

namespace gyre::rm::test {

using execute::Report;
using execute::Standing;

struct ClientBed {
  gyre::test::TemporaryDirectory directory;
  local::Loop loop;
  std::vector<Standing> standings;
  std::function<void()> on_connected;
  std::vector<Report> reports;
  std::vector<std::string> trouble;
  std::optional<execute::Client> client;

  ClientBed() { std::filesystem::create_directories(directory / "ocf/resource.d/test"); }

  // What reads "$here" finds the test's own directory.
  void agent(const std::string& name, const std::string& body) const {
    const std::string path = directory / ("ocf/resource.d/test/" + name);
    gyre::test::write_file(path, "#!/bin/sh\nhere=" + directory.path() + "\n" + body + "\n");
    ::chmod(path.c_str(), 0755);
  }
  static Operation operation(const std::string& key, const std::string& agent,
                             const std::string& task = "start") {
    Operation made;
    made.key = key;
    made.resource = "r-" + agent;
    made.standard = "ocf";
    made.provider = "test";
    made.type = agent;
    made.task = task;
    return made;
  }
  static Operation recurring(const std::string& key, const std::string& agent,
                             std::chrono::milliseconds interval) {
    Operation made = operation(key, agent, "monitor");
    made.interval = interval;
    return made;
  }

  void connect() {
    client.emplace(
        loop, directory.path(),
        execute::Client::Events{[this](const Standing& standing) {
                                  standings.push_back(standing);
                                  if (on_connected) on_connected();
                                },
                                [this](const Report& report) { reports.push_back(report); },
                                [this](const std::string& why) { trouble.push_back(why); }});
  }
  template <typename Predicate>
  void until(Predicate predicate) {
    ASSERT_TRUE(turned_until(loop, predicate))
        << reports.size() << " reports, trouble: " << testing::PrintToString(trouble);
  }
  void until_connected(std::size_t times = 1) {
    until([&] { return standings.size() >= times; });
  }
  void until_reports(std::size_t count) {
    until([&] { return reports.size() >= count; });
  }
  // What an agent writes last of all, it renames to that name.
  std::string content(const std::string& name) {
    local::Source appears = loop.appears(directory.path().c_str(), [](const char*) {});
    until([&] { return std::filesystem::exists(directory / name); });
    return gyre::test::read_file(directory / name);
  }
  const Outcome& outcome(const std::string& key) const {
    static const Outcome none;
    const auto found = std::ranges::find_if(
        reports, [&](const Report& report) { return report.outcome.key == key; });
    return found == reports.end() ? none : found->outcome;
  }
  Outcome run(const Operation& operation) {
    client->run(operation);
    until([&] { return outcome(operation.key).key == operation.key; });
    return outcome(operation.key);
  }
  std::string state(const std::string& key, std::size_t standing) const {
    for (const auto& [known, state, task] : standings.at(standing).jobs)
      if (known == key) return std::string(execute::name_of(state));
    return "unknown";
  }
};

}  // namespace gyre::rm::test
