#include "faulty_vfs.h"

#include <csignal>
#include <cstring>

#include <sqlite3.h>
#include <unistd.h>

namespace rampart::store {
namespace {

long countdown = 0;  // 0: unarmed
bool has_fired = false;
bool lasts = false;
FaultyVfs::Action what = FaultyVfs::Action::Fail;
int code_given = SQLITE_OK;

// The default layer's file lies directly behind ours.
struct File {
  sqlite3_file base;
};
static_assert(sizeof(File) % alignof(void*) == 0);

sqlite3_vfs* real_vfs() {
  static sqlite3_vfs* const kReal = sqlite3_vfs_find(nullptr);
  return kReal;
}

sqlite3_file* real(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<File*>(file) + 1);
}

int fault() {
  if (has_fired && lasts) {
    return code_given;
  }
  if (countdown == 0 || --countdown > 0) {
    return SQLITE_OK;
  }
  has_fired = true;
  if (what == FaultyVfs::Action::Kill) {
    kill(getpid(), SIGKILL);
    pause();
  }
  return code_given;
}

int do_close(sqlite3_file* f) {
  return real(f)->pMethods->xClose(real(f));
}
int do_read(sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
  return real(f)->pMethods->xRead(real(f), to, size, at);
}
int do_write(sqlite3_file* f, const void* from, int size, sqlite3_int64 at) {
  const int code = fault();
  if (code != SQLITE_OK) {
    // A full disk often takes a part.
    real(f)->pMethods->xWrite(real(f), from, size / 2, at);
    return code;
  }
  return real(f)->pMethods->xWrite(real(f), from, size, at);
}
int do_truncate(sqlite3_file* f, sqlite3_int64 size) {
  const int code = fault();
  return code != SQLITE_OK ? SQLITE_IOERR_TRUNCATE : real(f)->pMethods->xTruncate(real(f), size);
}
int do_sync(sqlite3_file* f, int flags) {
  const int code = fault();
  return code != SQLITE_OK ? SQLITE_IOERR_FSYNC : real(f)->pMethods->xSync(real(f), flags);
}
int do_file_size(sqlite3_file* f, sqlite3_int64* size) {
  return real(f)->pMethods->xFileSize(real(f), size);
}
int do_lock(sqlite3_file* f, int level) {
  return real(f)->pMethods->xLock(real(f), level);
}
int do_unlock(sqlite3_file* f, int level) {
  return real(f)->pMethods->xUnlock(real(f), level);
}
int do_check_reserved(sqlite3_file* f, int* out) {
  return real(f)->pMethods->xCheckReservedLock(real(f), out);
}
int do_control(sqlite3_file* f, int op, void* arg) {
  return real(f)->pMethods->xFileControl(real(f), op, arg);
}
int do_sector(sqlite3_file* f) {
  return real(f)->pMethods->xSectorSize(real(f));
}
int do_device(sqlite3_file* f) {
  return real(f)->pMethods->xDeviceCharacteristics(real(f));
}
int do_shm_map(sqlite3_file* f, int page, int size, int extend, void volatile** out) {
  return real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
}
int do_shm_lock(sqlite3_file* f, int offset, int n, int flags) {
  return real(f)->pMethods->xShmLock(real(f), offset, n, flags);
}
void do_shm_barrier(sqlite3_file* f) {
  real(f)->pMethods->xShmBarrier(real(f));
}
int do_shm_unmap(sqlite3_file* f, int remove) {
  return real(f)->pMethods->xShmUnmap(real(f), remove);
}

const sqlite3_io_methods kMethods = {2,
                                     do_close,
                                     do_read,
                                     do_write,
                                     do_truncate,
                                     do_sync,
                                     do_file_size,
                                     do_lock,
                                     do_unlock,
                                     do_check_reserved,
                                     do_control,
                                     do_sector,
                                     do_device,
                                     do_shm_map,
                                     do_shm_lock,
                                     do_shm_barrier,
                                     do_shm_unmap,
                                     nullptr,
                                     nullptr};

int do_open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  std::memset(file, 0, sizeof(File));
  const int code = real_vfs()->xOpen(real_vfs(), name, real(file), flags, out_flags);
  if (real(file)->pMethods != nullptr) {
    file->pMethods = &kMethods;
  }
  return code;
}

}  // namespace

void FaultyVfs::install() {
  static sqlite3_vfs layer = [] {
    sqlite3_vfs copy = *real_vfs();
    copy.pNext = nullptr;
    copy.zName = kName;
    copy.szOsFile = static_cast<int>(sizeof(File)) + real_vfs()->szOsFile;
    copy.xOpen = do_open;
    return copy;
  }();
  disarm();
  sqlite3_vfs_register(&layer, 0);
}

void FaultyVfs::arm(long n, Action action, int code, bool lasting) {
  countdown = n;
  has_fired = false;
  lasts = lasting;
  what = action;
  code_given = code;
}

void FaultyVfs::disarm() {
  arm(0, Action::Fail, SQLITE_OK, false);
}

bool FaultyVfs::fired() {
  return has_fired;
}

}  // namespace rampart::store
