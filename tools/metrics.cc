// gyre metrics: what the local node counts, as its metrics port serves it.
#include <fmt/format.h>

#include <algorithm>

#include "tools/ask.hh"
#include "tools/command.hh"

namespace gyre::tools {
namespace {

// What stands between quotation marks; takes it and the second of them away.
std::string take_quoted(std::string_view& text) {
  std::string value;
  while (!text.empty() && text.front() != '"') {
    if (text.front() == '\\' && text.size() > 1) {
      text.remove_prefix(1);
      value += text.front() == 'n' ? '\n' : text.front();
    } else {
      value += text.front();
    }
    text.remove_prefix(1);
  }
  text.remove_prefix(std::min<std::size_t>(text.size(), 1));
  return value;
}

// `name{label="value",label="value"} number`
Json sample(std::string_view line) {
  const std::size_t name_size = std::min(line.find_first_of("{ "), line.size());
  Json told{{"name", line.substr(0, name_size)}};
  line.remove_prefix(name_size);
  for (std::size_t at; line.starts_with('{') || line.starts_with(',');) {
    line.remove_prefix(1);
    if ((at = line.find("=\"")) == line.npos) break;
    const std::string label(line.substr(0, at));
    line.remove_prefix(at + 2);
    told["labels"][label] = take_quoted(line);
  }
  const std::size_t space = line.find(' ');
  const std::string_view number = space == line.npos ? "" : line.substr(space + 1);
  const Json value = Json::parse(number, nullptr, false);
  told["value"] = value.is_number() ? value : Json(number);
  return told;
}

void print_samples(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.starts_with('#')) continue;
    fmt::print("{}\n", sample(line).dump(-1, ' ', false, Json::error_handler_t::replace));
  }
}

void metrics(const Common& common) {
  const std::string text = client::Connection::query("metrics", common.options());
  common.json ? print_samples(text) : fmt::print("{}", text);
}

}  // namespace

void add_metrics(CLI::App& app, Common& common) {
  add_command(app, common, "metrics",
              "Prints what the local node counts, as OpenMetrics text (system.metrics serves it). "
              "With --json: an object for each number.",
              "gyre metrics | grep rotation")
      ->callback([&common] { metrics(common); });
}

}  // namespace gyre::tools
