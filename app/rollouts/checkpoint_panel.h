#pragma once

#include <QTimer>
#include <QWidget>
#include <filesystem>

namespace lvr {

class CheckpointScrubber;
class MessageBar;
class PictureReader;
class RolloutReader;

// The checkpoint scrubber of a run in a store: reads its probe answers and their pictures, and
// follows it while it is visible.
class CheckpointPanel : public QWidget {
    Q_OBJECT
public:
    explicit CheckpointPanel(QWidget* parent = nullptr);

    void showRun(const std::filesystem::path& store, std::int64_t run);  // run 0: none
    void chooseStep(int step);

Q_SIGNALS:
    void stepChosen(int step);  // by the person, or because it is the newest

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    void wire();
    void look();

    std::filesystem::path store_;
    std::int64_t run_ = 0;
    bool broken_ = false;  // the store could not be read; it is tried again
    QTimer clock_;
    RolloutReader* reader_;
    PictureReader* pictures_;
    MessageBar* message_;
    CheckpointScrubber* scrubber_;
};

}  // namespace lvr
