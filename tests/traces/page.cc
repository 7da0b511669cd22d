#include "tests/traces/page.hh"

#include <fmt/format.h>

#include <algorithm>

namespace gyre::test {
namespace {

double milliseconds(Time time) {
  return static_cast<double>(time.time_since_epoch().count()) / 1e6;
}

}  // namespace

void Page::add(Time now, std::size_t node, std::string where, std::string what) {
  if (!instant_.empty() && instant_.front().first != now) settle();
  // A line of others may be shared if it stands behind all that this node did before.
  auto from = instant_.end();
  while (from != instant_.begin() &&
         std::count((from - 1)->nodes.begin(), (from - 1)->nodes.end(), node) == 0)
    --from;
  const auto same = std::find_if(from, instant_.end(), [&](const Line& line) {
    return line.where == where && line.what == what;
  });
  if (same != instant_.end())
    same->nodes.insert(std::upper_bound(same->nodes.begin(), same->nodes.end(), node), node);
  else
    instant_.push_back({now, now, {node}, std::move(where), std::move(what)});
}

void Page::settle() {
  for (Line& line : instant_) {
    const auto before = last_of_.find(line.nodes.front());
    Line* last = before == last_of_.end() ? nullptr : &lines_[before->second];
    const bool again =
        last && last->nodes == line.nodes && last->where == line.where && last->what == line.what &&
        std::all_of(line.nodes.begin(), line.nodes.end(),
                    [&](std::size_t node) { return last_of_[node] == before->second; });
    if (again) {
      ++last->count;
      last->last = line.first;
      continue;
    }
    for (const std::size_t node : line.nodes) last_of_[node] = lines_.size();
    lines_.push_back(std::move(line));
  }
  instant_.clear();
}

std::vector<std::string> Page::take() {
  settle();
  std::vector<std::string> taken;
  for (const Line& line : lines_) {
    std::string who;
    for (const std::size_t node : line.nodes) who += fmt::format("{} ", node);
    std::string text =
        fmt::format("{:>9.3f}  {:<12}{}", milliseconds(line.first), who + line.where, line.what);
    if (line.count > 1)
      text += fmt::format("  ×{}, last {:.3f}", line.count, milliseconds(line.last));
    taken.push_back(std::move(text));
  }
  lines_.clear();
  last_of_.clear();
  return taken;
}

}  // namespace gyre::test
