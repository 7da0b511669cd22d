// gyre links: what each link does, and whom it reaches.
#include <fmt/format.h>

#include "tools/rates.hh"
#include "tools/watch.hh"

namespace gyre::tools {
namespace {

Json look(const Common& common) {
  return ask(common, "links");
}

std::uint64_t number(const Json& value) {
  return value.get<std::uint64_t>();
}

const Json* find_node(const Json& answer, const Json& nodeid) {
  for (const Json& node : answer.at("nodes"))
    if (node.at("nodeid") == nodeid) return &node;
  return nullptr;
}

// Adds to each counter of `now` how fast it grew.
Json compare(const Json& before, const Json& now) {
  const Rates rates(number(before.at("uptime_ms")), number(now.at("uptime_ms")));
  const auto rate = [&](const Json& from, const Json& to) {
    return rates.per_second(rates.grown(number(from), number(to)));
  };
  Json all = now;
  all["interval_ms"] = rates.span_ms();
  for (std::size_t link = 0; link < all.at("links").size(); ++link) {
    Json& one = all["links"][link];
    if (!one.contains("counters") || before.at("links").size() <= link) continue;
    for (const auto& [name, value] : now.at("links")[link].at("counters").items())
      one[name + "_rate"] = rate(before.at("links")[link].at("counters").at(name), value);
  }
  for (Json& node : all.at("nodes")) {
    if (!node.contains("links")) continue;
    const Json* known = find_node(before, node.at("nodeid"));
    for (std::size_t link = 0; link < node.at("links").size(); ++link) {
      Json& way = node["links"][link];
      way["first_frames_rate"] =
          known && known->contains("links")
              ? rate(known->at("links")[link].at("first_frames"), way.at("first_frames"))
              : 0;
    }
  }
  return all;
}

std::string text(const Json& value) {
  return value.get<std::string>();
}

std::string head(const Json& link) {
  const std::string fault = text(link.at("fault"));
  std::string line =
      fmt::format("link {}  {}  {}  {}\n", link.at("number").dump(), text(link.at("transport")),
                  text(link.at("address")), fault.empty() ? "no faults" : "FAULTY: " + fault);
  if (link.contains("sent_rate"))
    line += fmt::format("  {:.0f} frames/s out, {:.0f} in; {:.0f} bytes/s out, {:.0f} in\n",
                        link.at("sent_rate").get<double>(), link.at("received_rate").get<double>(),
                        link.at("sent_bytes_rate").get<double>(),
                        link.at("received_bytes_rate").get<double>());
  return line;
}

std::string way_text(const Json& node, std::size_t number) {
  const std::string address = text(node.at("addresses").at(number));
  const std::string who = fmt::format("  node {:<11}{:<22}", node.at("nodeid").dump(), address);
  if (node.at("local").get<bool>()) return who + "here\n";
  const Json* way = node.contains("links") ? &node.at("links").at(number) : nullptr;
  const bool connected = (way ? *way : node).at("connected").get<bool>();
  if (!way) return fmt::format("{}{}\n", who, connected ? "connected" : "disconnected");
  const std::string fault = text(way->at("fault"));
  return fmt::format("{}{:<13} round trip {:>7.0f} us  lost {:>6.2f} %  first {:>7.0f}/s{}\n", who,
                     connected ? "connected" : "disconnected",
                     way->at("round_trip_us").get<double>(), 100 * way->at("loss").get<double>(),
                     way->at("first_frames_rate").get<double>(), fault.empty() ? "" : "  " + fault);
}

std::string screen(const Json& all) {
  std::string lines = fmt::format("node {}", all.at("nodeid").dump());
  if (const std::string mode = text(all.at("mode")); !mode.empty())
    lines += fmt::format(", {} links, {}", all.at("links").size(), mode);
  lines += "\n";
  for (const Json& link : all.at("links")) {
    lines += "\n" + head(link);
    for (const Json& node : all.at("nodes"))
      lines += way_text(node, link.at("number").get<std::size_t>());
  }
  return lines;
}

}  // namespace

void add_links(CLI::App& app, Common& common) {
  auto how = std::make_shared<Watching>();
  CLI::App* command = add_command(
      app, common, "links",
      "Shows each link of this node anew every second: its faults, what goes over it, and for each "
      "other node whether it is reached, how long its probes are on their way there and back, how "
      "many of them are lost, and how many frames came over this link before any other. q ends. "
      "Into a pipe, one block of lines after the other; --json prints an object for each.",
      "gyre links --once");
  add_watching(*command, how);
  command->callback([&common, how] {
    watch(common, {.look = look, .compare = compare, .screen = screen}, *how);
  });
}

}  // namespace gyre::tools
