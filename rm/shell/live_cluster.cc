#include "rm/shell/live_cluster.hh"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>

#include "rm/cib/difference_xml.hh"
#include "rm/control/messages.hh"
#include "rm/local/error.hh"
#include "rm/shell/exits.hh"

namespace gyre::rm::shell {

namespace {

using nlohmann::json;

std::string user_name() {
  const passwd* user = ::getpwuid(::geteuid());
  return user != nullptr ? user->pw_name : std::to_string(::geteuid());
}

std::string local_time() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&now, &local);
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%a %b %e %H:%M:%S %Y", &local)};
}

[[noreturn]] void refuse(const local::LocalError& error) {
  switch (error.failure()) {
    case local::Failure::absent:
      throw Refused(exits::disconnected,
                    fmt::format("{}: no resource manager runs on this node (systemctl start "
                                "pacemaker); CIB_file may name a file to look at",
                                error.what()));
    case local::Failure::timed_out:
      throw Refused(exits::timed_out,
                    fmt::format("{}: it was asked for, and may yet come about", error.what()));
    default:
      throw Refused(exits::disconnected, error.what());
  }
}

template <typename Function>
auto or_refused(Function function) {
  try {
    return function();
  } catch (const local::LocalError& error) {
    refuse(error);
  }
}

json header_of(std::string_view reply) {
  json header = json::parse(reply.substr(0, reply.find('\0')), nullptr, false);
  if (!header.is_object()) throw Refused(exits::protocol, "the resource manager's answer is none");
  if (const auto why = header.value("refused", ""); !why.empty()) {
    if (header.value("stale", false)) throw Stale(exits::old, why);
    throw Refused(exits::error, why);
  }
  return header;
}

}  // namespace

LiveCluster::LiveCluster(const std::string& socket, std::chrono::milliseconds timeout)
    : timeout_(timeout), client_(or_refused([&] {
        return local::Client(socket, std::chrono::steady_clock::now() + timeout, document_size_max);
      })) {}

std::string LiveCluster::ask(const std::string& question) {
  return or_refused([&] {
    client_.until(std::chrono::steady_clock::now() + timeout_);
    client_.send(question);
    return client_.receive();
  });
}

std::string LiveCluster::text() {
  std::string reply = ask(R"({"kind":"document"})");
  const json header = header_of(reply);
  aside_.clear();
  for (const json& path : header.value("aside", json::array()))
    if (path.is_string()) aside_.push_back(path.get<std::string>());
  return reply.erase(0, std::min(reply.find('\0'), reply.size() - 1) + 1);
}

Document LiveCluster::read() {
  auto loaded = Document::load(text());
  if (const auto* fault = std::get_if<Fault>(&loaded))
    throw Refused(exits::protocol, "the resource manager's document: " + fault->text());
  return std::move(std::get<Document>(loaded));
}

void LiveCluster::change(const Difference& difference) {
  ask_for(control::Configure{user_name(), program_invocation_short_name, local_time(),
                             to_text(difference)});
}

void LiveCluster::change(const AttributeChange& change) {
  ask_for(change);
}

void LiveCluster::clean_up(const Cleanup& cleanup) {
  ask_for(cleanup);
}

void LiveCluster::confirm_down(const std::string& node) {
  ask_for(control::Confirm{node, std::time(nullptr)});
}

void LiveCluster::ask_for(const auto& what) {
  const json answer = header_of(ask(control::encode(0, what)));
  if (answer.value("at_risk", false))
    fmt::print(stderr, "accepted by too few nodes to be safe: may be dropped\n");
}

std::string LiveCluster::local_node() {
  return header_of(ask(R"({"kind":"who"})")).value("node", "");
}

void LiveCluster::wait_for_change() {
  const std::string reply = or_refused([&] {
    client_.until(local::Client::Deadline::max());
    if (!std::exchange(watching_, true)) client_.send(R"({"kind":"watch"})");
    return client_.receive();
  });
  header_of(reply);
}

LiveCluster running_cluster() {
  const char* const directory = std::getenv("GYRE_RUN_DIR");
  const bool elsewhere = directory != nullptr && *directory != '\0';
  return {std::string(elsewhere ? directory : "/run/gyre") + "/rm.sock", patience()};
}

std::variant<Text, Unread> read_running() {
  try {
    return Text(running_cluster().text());
  } catch (const Refused& refused) {
    return Unread{refused.what()};
  }
}

}  // namespace gyre::rm::shell
