// A cluster that is a file: what Pacemaker's commands do with CIB_file.
#pragma once

#include <functional>
#include <string>

#include "rm/shell/cluster.hh"

namespace gyre::rm::shell {

// Commands on the same file wait for each other, and whoever reads it meanwhile finds the old
// document or the new one, whole.
class FileCluster : public Cluster {
 public:
  explicit FileCluster(std::string path) : path_(std::move(path)) {}

  Document read() override;
  void change(const Difference&) override;
  void change(const AttributeChange&) override;
  void clean_up(const Cleanup&) override;
  std::string local_node() override;

 private:
  void locked(const std::function<void(Document&)>& edit) const;

  std::string path_;
};

}  // namespace gyre::rm::shell
