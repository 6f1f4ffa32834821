#include "core/values/box_text.h"

#include <charconv>
#include <vector>

#include "core/error.h"

namespace lvr {
namespace {

// The numbers between the commas; nothing when something else is there.
std::vector<double> numbersIn(const std::string& text) {
    std::vector<double> numbers;
    const char *at = text.data(), *end = at + text.size();
    while (true) {
        while (at != end && *at == ' ') ++at;
        double number = 0;
        const auto [after, wrong] = std::from_chars(at, end, number);
        if (wrong != std::errc()) return {};
        numbers.push_back(number);
        if (after == end) return numbers;
        if (*after != ',') return {};
        at = after + 1;
    }
}

}  // namespace

Box parseBox(const std::string& text) {
    const auto numbers = numbersIn(text);
    const auto image = numbers.size() == 5 ? static_cast<int>(numbers[4]) : 0;
    if (numbers.size() < 4 || numbers.size() > 5 || image < 0 ||
        (numbers.size() == 5 && image != numbers[4]))
        throw Error("\"" + text +
                    "\" is no region; give four fractions of the picture, x0,y0,x1,y1, as in "
                    "0.25,0.5,0.5,0.75, and perhaps the number of the picture, from 0");
    const Box box{numbers[0], numbers[1], numbers[2], numbers[3], image};
    for (const double edge : {box.x0, box.y0, box.x1, box.y1})
        if (!(edge >= 0 && edge <= 1))
            throw Error("\"" + text +
                        "\" is outside the picture; its edges are fractions from 0 to 1");
    if (box.x0 >= box.x1 || box.y0 >= box.y1)
        throw Error("\"" + text + "\" is empty; give x0,y0,x1,y1 with x0 < x1 and y0 < y1");
    return box;
}

}  // namespace lvr
