#pragma once

#include <QObject>
#include <QTimer>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/values/image.h"

namespace lvr {

class AskWorkspace;
class History;
struct Conversation;

// What a person draws on a picture belongs to it: kept beside its conversation as soon as it is
// drawn, and brought back with the picture. What can't be kept on disk stays until the window
// closes.
class PictureRegions : public QObject {
    Q_OBJECT
public:
    using Pictures = std::shared_ptr<const std::vector<Image>>;

    // history: null keeps nothing on disk.
    PictureRegions(AskWorkspace& ask, History* history, QObject* parent);
    void turnTo(const Pictures& pictures);             // those on screen now
    void bringBack(const Conversation& conversation);  // what was kept of them
    void keep();                                       // at once

private:
    struct Unkept {  // not on disk, or not yet
        int ticket;
        Pictures pictures;
        std::vector<Box> boxes;
        std::vector<std::string> names;
    };
    void changed();
    void take(const std::vector<Box>& kept, const std::vector<std::string>& names);

    AskWorkspace& ask_;
    History* history_;
    Pictures pictures_;
    bool drawn_ = false;  // something else than what was brought back
    bool known_ = false;  // what was kept of these pictures
    QTimer settle_;       // a drag ends
    std::vector<Unkept> unkept_;
    int tickets_ = 0;
};

}  // namespace lvr
