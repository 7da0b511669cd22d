#include "tools/top_text.hh"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "tools/rates.hh"

namespace gyre::tools {
namespace {

using Json = nlohmann::ordered_json;

std::uint64_t number(const Json& value, std::string_view path) {
  return value.at(Json::json_pointer(std::string(path))).get<std::uint64_t>();
}

// Frames and requests that came to nothing. What is not ours (another cluster's, a former life's)
// is among them: it costs, too.
bool is_loss(std::string_view group, std::string_view name) {
  if (group == "header") return name != "copied";
  if (group == "transport" || group == "node") return name.starts_with("dropped");
  if (group == "ring")
    return name.starts_with("malformed") || name == "no_frames" || name == "data_outside_window";
  return group == "clients" ? name == "cut_off" : name == "refused" || name == "malformed";
}

class Summary {
 public:
  Summary(const Json& before, const Json& now)
      : before_(before.at("status")),
        now_(now),
        rates_(number(before_, "/uptime_ms"), number(status(), "/uptime_ms")) {}

  Json make() const {
    Json all;
    for (const char* key : {"nodeid", "name", "cluster", "state", "ring", "view", "uptime_ms"})
      all[key] = status().at(key);
    all["programs"] = status().at("clients");
    all["groups"] = number(status(), "/counters/groups/count");
    all["interval_ms"] = rates_.span_ms();
    all["rotation"] = rotation();
    all["messages"] = {{"delivered_rate", rate("/counters/ring/messages_delivered")},
                       {"requested_rate", rate("/counters/clients/requests")},
                       {"told_rate", rate("/counters/clients/events")},
                       {"backlog_frames", status().at("token").at("backlog")}};
    all["links"] = Json::array({link()});
    all["nodes"] = nodes();
    all["losses"] = losses();
    return all;
  }

 private:
  const Json& status() const { return now_.at("status"); }
  std::uint64_t grown(std::string_view path) const {
    return rates_.grown(number(before_, path), number(status(), path));
  }
  double rate(std::string_view path) const { return rates_.per_second(grown(path)); }

  Json rotation() const {
    const std::uint64_t count = grown("/rotation/count"), total = grown("/rotation/total_ns");
    Json rotation = {{"rate", rates_.per_second(count)}, {"mean_ns", count ? total / count : 0}};
    for (const char* key : {"p50_ns", "p99_ns", "longest_ns"})
      rotation[key] = status().at("rotation").at(key);
    rotation["token_age_ms"] = status().at("token").at("age_ms");
    return rotation;
  }

  Json link() const {
    Json link = {{"transport", status().at("transport")}};
    for (const char* key : {"sent", "received", "sent_bytes", "received_bytes"})
      link[std::string(key) + "_rate"] = rate("/counters/transport/" + std::string(key));
    link["requested_again_rate"] = rate("/counters/ring/retransmits_requested");
    link["sent_again_rate"] = rate("/counters/ring/retransmits_sent");
    return link;
  }

  Json nodes() const {
    const Json& token = status().at("token");
    const std::uint64_t behind = number(token, "/seq") - number(token, "/aru");
    Json nodes = Json::array();
    for (const Json& member : now_.at("members").at("members")) {
      const auto id = member.at("nodeid").get<std::uint32_t>();
      const Json& addresses = member.at("addresses");
      Json node = {{"nodeid", id},
                   {"name", member.at("name")},
                   {"address", addresses.empty() ? "" : addresses.front()},
                   {"behind", token.at("aru_owner") == id ? behind : 0}};
      const std::string key = fmt::format("/peers/{}", id);
      if (status().contains(Json::json_pointer(key))) {
        const Json& peer = status().at(Json::json_pointer(key));
        const bool known = before_.contains(Json::json_pointer(key));
        node["frames_rate"] = known ? rate(key + "/frames") : 0;
        node["silent_ms"] = peer.at("silent_ms");
        node["joins"] = peer.at("joins");
      }
      nodes.push_back(std::move(node));
    }
    return nodes;
  }

  // Those that grew, by how much.
  Json losses() const {
    Json losses = Json::object();
    for (const auto& [group, counters] : status().at("counters").items())
      for (const auto& [name, value] : counters.items()) {
        const std::string path = fmt::format("/counters/{}/{}", group, name);
        if (!is_loss(group, name) || !before_.contains(Json::json_pointer(path))) continue;
        if (const std::uint64_t more = grown(path)) losses[group + "." + name] = more;
      }
    return losses;
  }

  const Json& before_;
  const Json& now_;
  const Rates rates_;
};

// Three digits that count.
std::string scaled(double value, std::string_view steps, double step = 1000) {
  std::size_t i = 0;
  while (value >= 0.9995 * step && i + 1 < steps.size()) value /= step, ++i;
  const int digits = value < 9.995 && i > 0 ? 2 : value < 99.95 && i > 0 ? 1 : 0;
  const std::string unit = i == 0 ? "" : fmt::format(" {}", steps[i]);
  return fmt::format("{:.{}f}{}", value, digits, unit);
}

std::string count(const Json& value) {
  return scaled(value.get<double>(), " kMGT");
}

std::string time(const Json& nanoseconds) {
  const auto value = nanoseconds.get<double>();
  if (value < 1e3) return fmt::format("{:.0f} ns", value);
  if (value < 1e6) return fmt::format("{:.1f} us", value / 1e3);
  if (value < 1e9) return fmt::format("{:.1f} ms", value / 1e6);
  return fmt::format("{:.1f} s", value / 1e9);
}

std::string span(const Json& milliseconds) {
  const auto seconds = milliseconds.get<std::uint64_t>() / 1000;
  if (seconds < 100) return fmt::format("{} s", seconds);
  if (seconds < 100 * 60) return fmt::format("{} min", seconds / 60);
  return fmt::format("{} h {:02} min", seconds / 3600, seconds / 60 % 60);
}

std::string text(const Json& value) {
  return value.get<std::string>();
}

// What a name from a configuration does not do to the screen.
std::string shown(const Json& value) {
  std::string name = text(value);
  for (char& letter : name)
    if (static_cast<unsigned char>(letter) < ' ' || letter == '\x7f') letter = '?';
  return name;
}

std::string plural(const Json& number, const char* what) {
  return fmt::format("{} {}{}", number.dump(), what, number == 1 ? "" : "s");
}

std::string head(const Json& all) {
  const std::string name = shown(all.at("name")), cluster = shown(all.at("cluster"));
  return fmt::format("node {}{}{}: {}, ring {}.{}, view {}, up {}\n{}, {} in {}\n\n",
                     all.at("nodeid").dump(), name.empty() ? "" : " (" + name + ")",
                     cluster.empty() ? "" : " of " + cluster, text(all.at("state")),
                     all.at("ring").at("representative").dump(), all.at("ring").at("seq").dump(),
                     all.at("view").dump(), span(all.at("uptime_ms")),
                     plural(all.at("nodes").size(), "member"),
                     plural(all.at("programs"), "program"), plural(all.at("groups"), "group"));
}

std::string ring(const Json& all) {
  const Json& rotation = all.at("rotation");
  const Json& messages = all.at("messages");
  const bool turns = rotation.at("rate").get<double>() > 0;
  const std::string now =
      turns ? fmt::format("{}, {}/s", time(rotation.at("mean_ns")), count(rotation.at("rate")))
            : fmt::format("the token rests since {} ms", rotation.at("token_age_ms").dump());
  return fmt::format(
      "{:<10} {:<31} since start p50 {}, p99 {}, longest {}\n"
      "{:<10} {}/s delivered, {}/s from programs here, {}/s to them, {} frames wait\n\n",
      "rotation", now, time(rotation.at("p50_ns")), time(rotation.at("p99_ns")),
      time(rotation.at("longest_ns")), "messages", count(messages.at("delivered_rate")),
      count(messages.at("requested_rate")), count(messages.at("told_rate")),
      messages.at("backlog_frames").dump());
}

std::string links(const Json& all) {
  std::string lines =
      fmt::format("{:<10}{:>14}{:>12}{:>14}{:>12}{:>14}{:>14}\n", "link", "frames/s out", "in",
                  "bytes/s out", "in", "again/s asked", "sent");
  for (const Json& link : all.at("links"))
    lines += fmt::format("{:<10}{:>14}{:>12}{:>14}{:>12}{:>14}{:>14}\n", text(link.at("transport")),
                         count(link.at("sent_rate")), count(link.at("received_rate")),
                         count(link.at("sent_bytes_rate")), count(link.at("received_bytes_rate")),
                         count(link.at("requested_again_rate")), count(link.at("sent_again_rate")));
  return lines + "\n";
}

std::string nodes(const Json& all) {
  std::string lines = fmt::format("{:<11}{:<20}{:<22}{:>12}{:>10}{:>12}{:>8}\n", "node", "name",
                                  "address", "frames/s in", "behind", "silent", "joins");
  for (const Json& node : all.at("nodes")) {
    const bool peer = node.contains("frames_rate");
    lines += fmt::format("{:<11}{:<20.19}{:<22.21}{:>12}{:>10}{:>12}{:>8}\n",
                         node.at("nodeid").dump(), shown(node.at("name")),
                         shown(node.at("address")), peer ? count(node.at("frames_rate")) : "here",
                         node.at("behind").dump(), peer ? node.at("silent_ms").dump() + " ms" : "",
                         peer ? node.at("joins").dump() : "");
  }
  return lines;
}

std::string losses(const Json& all) {
  std::string line;
  for (const auto& [name, more] : all.at("losses").items())
    line += fmt::format("{}{} {}", line.empty() ? "\ndropped    " : ", ", name, more.dump());
  return line.empty() ? line : line + "\n";
}

}  // namespace

Json summary(const Json& before, const Json& now) {
  return Summary(before, now).make();
}

std::string screen(const Json& all) {
  return head(all) + ring(all) + links(all) + nodes(all) + losses(all);
}

}  // namespace gyre::tools
