// The plan for dot and for programs.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "rm/show/dot_text.hh"
#include "rm/show/plan_json.hh"
#include "rm/show/score_text.hh"
#include "tests/rm/show/small_cluster.hh"

namespace gyre::rm::show {

using schedule::Action;
using schedule::Order;
using schedule::Resource;
using schedule::Role;

struct Graph : testing::Test {
  Graph() {
    all.pseudo = true;
    blocked.runnable = false;
    needless.optional = true;
    start.before = {
        {&all, Order::optional}, {&all, Order::runnable_left}, {&needless, Order::optional}};
    blocked.before = {{&start, Order::optional}};
  }
  SmallCluster cluster{"n1", "n2"};
  Resource& a = cluster.add("a");
  Action& all = cluster.act("all", &a);
  Action& start = cluster.act("start", &a, &cluster.node(0));
  Action& blocked = cluster.act("promote", &a);
  Action& needless = cluster.act("stop", &a, &cluster.node(1));
  const std::vector<schedule::Step> steps{{&all, {}}, {&start, {&all}}};
};

TEST_F(Graph, IsDrawnAsPacemakerDoes) {
  EXPECT_EQ(dot(cluster, steps, false),
            " digraph \"g\" {\n"
            "\"a_promote_0 <none>\" [ style=dashed color=\"red\" fontcolor=\"black\"]\n"
            "\"a_start_0 n1\" [ style=bold color=\"green\" fontcolor=\"black\"]\n"
            "\"a_all_0\" [ style=bold color=\"green\" fontcolor=\"orange\"]\n"
            "\"a_start_0 n1\" -> \"a_promote_0 <none>\" [ style = dashed]\n"
            "\"a_all_0\" -> \"a_start_0 n1\" [ style = bold]\n"
            "}\n");
}

TEST_F(Graph, IsDrawnWithWhatNeedNotBeDone) {
  const std::string text = dot(cluster, steps, true);
  EXPECT_NE(text.find("\"a_stop_0 n2\" [ style=dashed color=\"blue\" fontcolor=\"black\"]"),
            std::string::npos);
  EXPECT_NE(text.find("\"a_stop_0 n2\" -> \"a_start_0 n1\" [ style = dashed]"), std::string::npos);
}

TEST_F(Graph, IsToldToPrograms) {
  cluster.node(1).unclean = true;
  cluster.node(1).fence_reason = "lost";
  a.next_role = Role::started;
  a.assigned_to = &cluster.node(0);
  const auto json = nlohmann::json::parse(plan_json(cluster, steps));
  EXPECT_EQ(json["nodes"][1]["name"], "n2");
  EXPECT_EQ(json["nodes"][1]["fence_reason"], "lost");
  EXPECT_EQ(json["resources"][0]["assigned_to"], "n1");
  EXPECT_EQ(json["changes"][0]["action"], "Start");
  EXPECT_EQ(json["changes"][0]["node"], "n1");
  EXPECT_EQ(json["actions"][1]["after"], nlohmann::json::array({1}));
}

TEST_F(Graph, HasScores) {
  a.weights = {{Score(5), true}, {Score::minus_infinity(), true}};
  Outline out(Outline::Style::plain);
  scores(out, cluster);
  EXPECT_EQ(out.take(),
            "pcmk__primitive_assign: a allocation score on n1: 5\n"
            "pcmk__primitive_assign: a allocation score on n2: -INFINITY\n");
}

}  // namespace gyre::rm::show
