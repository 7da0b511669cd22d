// The cluster as the resource manager of this node knows it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "rm/local/client.hh"
#include "rm/shell/cluster.hh"
#include "rm/shell/input.hh"

namespace gyre::rm::shell {

class LiveCluster : public Cluster {
 public:
  // Throws Refused if none runs here, or this user may not talk to it.
  LiveCluster(const std::string& socket, std::chrono::milliseconds timeout);

  Document read() override;
  std::string text();  // of the document
  // Files on this node of what was configured on its side of a split, and gave way to what was on
  // another; as of when the document was last read.
  const std::vector<std::string>& aside() const noexcept { return aside_; }
  void change(const Difference&) override;
  void change(const AttributeChange&) override;
  void clean_up(const Cleanup&) override;
  std::string local_node() override;

  // A person says that nothing runs there.
  void confirm_down(const std::string& node);

  // Waits until the document is another than when this was last called; at first, not at all. A
  // cluster that is waited on answers nothing else.
  void wait_for_change();

 private:
  std::string ask(const std::string& question);
  void ask_for(const auto& what);

  std::chrono::milliseconds timeout_;
  local::Client client_;
  bool watching_ = false;
  std::vector<std::string> aside_;
};

// The one of this node: GYRE_RUN_DIR, else /run/gyre, is where its socket is.
LiveCluster running_cluster();
// The text of its document.
std::variant<Text, Unread> read_running();

}  // namespace gyre::rm::shell
