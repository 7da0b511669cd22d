// interface{} and the ringN_addr of nodelist{}: the links, and how frames use them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "node/config.hh"
#include "node/config_address.hh"
#include "node/config_settings.hh"

namespace gyre::node {

class LinkReader {
 public:
  // `settings` outlives it. Throws ConfigError, as all of it does.
  LinkReader(Settings& settings, Form form);

  std::size_t count() const noexcept { return links_.size(); }
  TransportKind transport(std::size_t link) const noexcept { return links_[link].transport; }
  // The numeric address of a node that is written there, of the family of all addresses of `link`.
  IpAddress address(std::size_t link, const std::string& path);
  // Once address() has seen every node's.
  std::vector<Link> read() &&;

 private:
  std::string path(std::size_t link, const char* key) const;
  void count_listed();
  void count_interfaces();
  void read_transport(std::size_t link);
  void read_own_address(std::size_t link);
  void read_multicast(std::size_t link);
  void read_priority(std::size_t link);
  std::uint16_t default_port(std::size_t link, bool broadcast) const noexcept;

  Settings& settings_;
  const bool listed_;
  std::vector<Link> links_;
  std::vector<std::optional<bool>> v6_;  // the family of each link's addresses, once there is one
};

// What several links are to do for each other. Throws ConfigError.
Redundancy read_redundancy(Settings& settings, Form form, std::size_t links);

}  // namespace gyre::node
