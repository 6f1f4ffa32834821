#pragma once

#include <QColor>
#include <QIcon>
#include <QString>
#include <vector>

#include "core/values/strategy.h"

namespace lvr {

QString describe(const DecodeOptions& options);  // wordsOf
QString titleOf(const Strategy& strategy);       // titleText

struct StrategyPreset {
    QString name;
    std::vector<Strategy> strategies;
};
// Families that are compared again and again, such as the paper's fixed budgets.
std::vector<StrategyPreset> strategyPresets();
// What is in the list before anybody has chosen; the first is what the others are held against.
std::vector<Strategy> firstStrategies();

// Of kStrategyColours that stay apart for colour-blind eyes: the one that is a strategy's own.
QColor strategyColour(int colour);
QIcon colourSquare(int colour);

}  // namespace lvr
