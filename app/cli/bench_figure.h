#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "core/kernels/machine.h"

namespace lvr {

// What was measured of a piece of work.
struct BenchFigure {
    std::string name;
    double seconds = 0;
    double referenceSeconds = 0;  // of the slow way in this program; 0: none
    // How much of a ceiling it uses, and which: bytes read of the bandwidth, operations of the
    // multiply-adds, or of both what its passes take at best; 0: none.
    double share = 0;
    std::string ceiling = {};
    // Beside the reference: cosine of the states, share of positions with the same likeliest token;
    // below 0: not compared.
    double cosine = -1, sameTop = -1;
    std::optional<bool> equal = {};  // to the last bit what the slow way makes
};
BenchFigure ofBytes(BenchFigure figure, double bytes, const Ceilings& ceilings);
BenchFigure ofOperations(BenchFigure figure, double operations, const Ceilings& ceilings);
BenchFigure ofBest(BenchFigure figure, double secondsAtBest);
nlohmann::ordered_json toJson(const BenchFigure& figure);
nlohmann::ordered_json toJson(const Ceilings& ceilings);  // with the CPU and the threads
void print(const BenchFigure& figure);
void print(const Ceilings& ceilings);

}  // namespace lvr
