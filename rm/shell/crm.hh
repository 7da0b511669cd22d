// The levels of crm: what its lines change, and say.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rm/configure/edit.hh"
#include "rm/configure/words.hh"
#include "rm/shell/cluster.hh"

namespace gyre::rm::shell {

// A configuration that is being changed: nothing of it reaches the cluster before commit().
class Configuring {
 public:
  Configuring(Cluster& cluster, bool force) : cluster_(cluster), force_(force) {}

  // A line of the level "configure".
  void run(const configure::Line&);
  // Nothing, if nothing was changed.
  void finish() {
    if (changed()) commit();
  }

 private:
  void open();
  bool changed() const;
  void commit(bool force = false);
  void say_stale();
  void verify(bool force) const;
  void show(configure::Words&) const;
  void save(configure::Words&) const;
  void load(configure::Words&);
  void erase(configure::Words&);
  void remove(configure::Words&);
  void rename(configure::Words&);
  void commit_line(configure::Words&);
  void say_notes();

  Cluster& cluster_;
  bool force_;
  std::optional<Document> before_, now_;
  std::optional<configure::Edit> edit_;
  std::size_t told_ = 0;  // of the edit's notes
};

// A line of the level "resource", of the level "node"; done at once.
void run_resource(Cluster&, const configure::Line&, bool force);
void run_node(Cluster&, const configure::Line&);

// Does what another command does; its words are behind its name.
void run_as(int (*command)(int argc, char** argv), std::vector<std::string> words);

// Everywhere: what is said to who sits there, but asked for by nobody.
void say_info(const std::string&);
void say_warning(const std::string&);

// Says of a word that is none of the level's what there is.
[[noreturn]] void refuse_word(const configure::Words&, std::string_view level,
                              std::string_view there_is);

}  // namespace gyre::rm::shell
