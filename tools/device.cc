// gyre device: a quorum device, as the script that asks it says. For a script that runs on each
// node: it registers a name, and polls whenever a ring stands and before the timeout is over.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <stdexcept>

#include "tools/ask.hh"
#include "tools/command.hh"

namespace gyre::tools {
namespace {

struct Request {
  std::string name, second, answer, ring;
  std::string digit() const { return answer == "yes" ? "1" : "0"; }
};

void say(const Common& common, const std::string& what, const Words& arguments) {
  const Json answer = ask(common, "quorum.device" + what, arguments);
  if (answer.contains("error"))
    throw std::runtime_error(fmt::format("{}: {}", answer.at("error").get<std::string>(),
                                         answer.at("reason").get<std::string>()));
  if (common.json) fmt::print("{}\n", answer.dump());
}

// Of a ring id: representative and seq.
Words parts_of(const std::string& ring) {
  const auto part = [](std::string_view digits) {
    std::uint64_t number = 0;
    const auto [rest, error] = std::from_chars(digits.begin(), digits.end(), number, 16);
    if (error != std::errc() || rest != digits.end())
      throw CLI::ValidationError("RING", "a ring id is two hexadecimal numbers, like 1.16d");
    return std::to_string(number);
  };
  const std::size_t dot = std::min(ring.find('.'), ring.size());
  return {part(std::string_view(ring).substr(0, dot)),
          part(std::string_view(ring).substr(std::min(dot + 1, ring.size())))};
}

void show(const Common& common) {
  const Json device = ask(common, "quorum.device"), quorum = ask(common, "quorum");
  if (device.contains("error")) throw std::runtime_error(device.at("reason").get<std::string>());
  const Json told{{"name", device.at("name")},
                  {"master_wins", device.at("master_wins")},
                  {"ring", ring_id(quorum.at("ring"))},
                  {"votes", quorum.at("device").at("votes")},
                  {"counts", quorum.at("device").at("counts")}};
  if (common.json) return fmt::print("{}\n", told.dump());
  print_facts(told);
}

}  // namespace

void add_device(CLI::App& app, Common& common) {
  CLI::App* device = add_command(
      app, common, "device",
      "A quorum device of this node: without more, what is known of it and the ring that stands.",
      "gyre device register tie && gyre device poll tie yes 1.16d");
  const auto request = std::make_shared<Request>();
  const auto add = [&](const char* what, const char* description) {
    CLI::App* command = device->add_subcommand(what, description);
    command->add_option("NAME", request->name, "of the device, one on each node")->required();
    return command;
  };
  const auto add_answer = [&](CLI::App* command) {
    command->add_option("yes|no", request->answer)->required()->check(CLI::IsMember({"yes", "no"}));
  };
  add("register", "Whoever polls the device is there.")->callback([&common, request] {
    say(common, ".register", {request->name});
  });
  add("unregister", "And is no more.")->callback([&common, request] {
    say(common, ".unregister", {request->name});
  });
  CLI::App* rename = add("rename", "Registers it by another name.");
  rename->add_option("NEW", request->second)->required();
  rename->callback([&common, request] {
    say(common, ".update", {request->name, request->second});
  });
  CLI::App* poll = add("poll", "Says whether it votes for this ring.");
  add_answer(poll);
  poll->add_option("RING", request->ring, "that stands, as corosync-quorumtool prints it")
      ->required();
  poll->callback([&common, request] {
    Words arguments = parts_of(request->ring);
    arguments.insert(arguments.begin(), {request->name, request->digit()});
    say(common, ".poll", arguments);
  });
  CLI::App* wins = add("master_wins", "Whether its vote is enough, from its next poll on.");
  add_answer(wins);
  wins->callback([&common, request] {
    say(common, ".master_wins", {request->name, request->digit()});
  });
  device->require_subcommand(0, 1);
  device->callback([&common, device] {
    if (device->get_subcommands().empty()) show(common);
  });
}

}  // namespace gyre::tools
