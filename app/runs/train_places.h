#pragma once

#include <QString>

namespace lvr {

// Where training happens: what is run, with what, from what.
struct TrainPlaces {
    QString store;       // the run store; need not be there yet
    QString program;     // the lvr command
    QString tinyModel;   // folder of the shipped model; empty: not shipped
    QString runsFolder;  // where output folders are suggested
};

}  // namespace lvr
