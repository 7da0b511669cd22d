#include "node/config_metrics.hh"

#include <fmt/format.h>

#include <charconv>

#include "node/config_address.hh"

namespace gyre::node {
namespace {

constexpr const char* path = "system.metrics";

// "PORT" on loopback, "1.2.3.4:PORT", "[::1]:PORT".
MetricsAddress split(const std::string& written) {
  const std::size_t colon = written.rfind(':');
  MetricsAddress result{.address = "127.0.0.1"};
  if (colon != written.npos) result.address = written.substr(0, colon);
  if (result.address.starts_with('[') && result.address.ends_with(']'))
    result.address = result.address.substr(1, result.address.size() - 2);
  const char* port = written.data() + (colon == written.npos ? 0 : colon + 1);
  const char* end = written.data() + written.size();
  if (std::from_chars(port, end, result.port).ptr != end || port == end) result.port = 0;
  return result;
}

}  // namespace

MetricsAddress read_metrics(Settings& settings) {
  if (!settings.has(path)) return {};
  const std::string written = settings.text(path);
  const MetricsAddress result = split(written);
  const std::optional<IpAddress> address = parse_ip(result.address);
  if (!address || result.port == 0 || is_multicast(*address))
    settings.refuse(path, fmt::format("Value of key \"{}\" is expected to be PORT, ADDRESS:PORT or "
                                      "[ADDRESS]:PORT, but \"{}\" was given",
                                      path, written));
  if (!is_loopback(*address))
    settings.notice(
        path, fmt::format("{}: whoever reaches {} can read the metrics", path, result.address));
  return result;
}

}  // namespace gyre::node
