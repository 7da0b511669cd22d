// The lines of a trace. What several nodes do alike at one time is one line, and so is what a node
// does again and again with nothing else in between.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "transport/time.hh"

namespace gyre::test {

class Page {
 public:
  // `where` is whom a frame goes to, empty for what a node does by itself.
  void add(Time now, std::size_t node, std::string where, std::string what);
  std::vector<std::string> take();  // what was added since the last call

 private:
  struct Line {
    Time first, last;
    std::vector<std::size_t> nodes;
    std::string where, what;
    int count = 1;
  };
  void settle();

  std::vector<Line> instant_;  // all of one time
  std::vector<Line> lines_;
  std::map<std::size_t, std::size_t> last_of_;  // node → its last line
};

}  // namespace gyre::test
