#pragma once

#include <QTimer>
#include <QWidget>
#include <filesystem>
#include <vector>

class QLabel;
class QStackedWidget;

namespace lvr {

class CheckpointScrubber;
class MessageBar;
class PictureReader;
class RolloutReader;
struct ProbeStep;

// The checkpoint scrubber of a run in a store: reads its probe answers and their pictures, and
// follows it, while it is visible. Says how to get such answers where there are none.
class CheckpointPanel : public QWidget {
    Q_OBJECT
public:
    explicit CheckpointPanel(QWidget* parent = nullptr);

    void showRun(const std::filesystem::path& store, std::int64_t run);  // run 0: none
    void chooseStep(int step);

Q_SIGNALS:
    void stepChosen(int step);                // by the person, or because it is the newest
    void modelWanted(const QString& folder);  // of the chosen checkpoint, to be asked

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    void build();
    void wire();
    void look();
    void take(std::int64_t run, const std::vector<ProbeStep>& steps);
    void showNothing(const QString& why);
    void complain(const QString& sentence);

    std::filesystem::path store_, opened_;  // wanted; as the reader has it
    std::int64_t run_ = 0;
    bool broken_ = false;  // the store could not be read; it is tried again
    QTimer clock_;
    RolloutReader* reader_;
    PictureReader* pictures_;
    MessageBar* message_;
    QStackedWidget* pages_;
    QLabel* nothing_;
    CheckpointScrubber* scrubber_;
};

}  // namespace lvr
