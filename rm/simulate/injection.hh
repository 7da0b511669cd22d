// What happens before the cluster is asked what it would do.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "rm/schedule/model.hh"
#include "rm/simulate/history.hh"

namespace gyre::rm::simulate {

// Each changes the document and says in a line what it did; an Injection collects the lines.
class Injection {
 public:
  // Who is meant by names is asked of `cluster`, which is of the document as it was.
  Injection(const schedule::Cluster& cluster, pugi::xml_node cib) : cluster_(cluster), cib_(cib) {}

  void quorum(const std::string& value);
  void watchdog(const std::string& value);
  // False: nobody knows the node.
  void node_up(const std::string& name);
  bool node_down(const std::string& name);
  bool node_fail(const std::string& name);
  void ticket(const std::string& id, const char* attribute, bool value);
  // Why not; empty: it is done.
  std::string operation(const std::string& text);

  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::string id_of(const std::string& name) const;

  const schedule::Cluster& cluster_;
  pugi::xml_node cib_;
  std::vector<std::string> lines_;
};

}  // namespace gyre::rm::simulate
