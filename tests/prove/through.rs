//! A disk of a test's own is the real one but for some of its operations.

/// These operations, done by the real disk: for the block that implements [`whippet::sys::Disk`].
macro_rules! real {
    ($($operation:ident)*) => { $( crate::through::real!(@ $operation); )* };
    (@ open_dir) => {
        fn open_dir(&self, parent: Option<&whippet::sys::Folder>, path: &std::path::Path) -> std::io::Result<whippet::sys::Folder> {
            whippet::sys::SystemDisk.open_dir(parent, path)
        }
    };
    (@ make_dir) => {
        fn make_dir(&self, parent: &whippet::sys::Folder, name: &str) -> std::io::Result<()> {
            whippet::sys::SystemDisk.make_dir(parent, name)
        }
    };
    (@ list) => {
        fn list(&self, folder: &whippet::sys::Folder, each: &mut dyn FnMut(&std::ffi::CStr)) -> std::io::Result<()> {
            whippet::sys::SystemDisk.list(folder, each)
        }
    };
    (@ stat) => {
        fn stat(&self, file: &std::fs::File) -> std::io::Result<whippet::sys::Stat> {
            whippet::sys::SystemDisk.stat(file)
        }
    };
    (@ stat_at) => {
        fn stat_at(&self, folder: &whippet::sys::Folder, name: &str) -> std::io::Result<whippet::sys::Stat> {
            whippet::sys::SystemDisk.stat_at(folder, name)
        }
    };
    (@ create_new) => {
        fn create_new(&self, folder: &whippet::sys::Folder, name: &str) -> std::io::Result<std::fs::File> {
            whippet::sys::SystemDisk.create_new(folder, name)
        }
    };
    (@ open) => {
        fn open(&self, folder: &whippet::sys::Folder, name: &str, is_written: bool) -> std::io::Result<std::fs::File> {
            whippet::sys::SystemDisk.open(folder, name, is_written)
        }
    };
    (@ read_at) => {
        fn read_at(&self, file: &std::fs::File, buffer: &mut [u8], offset: u64) -> std::io::Result<usize> {
            whippet::sys::SystemDisk.read_at(file, buffer, offset)
        }
    };
    (@ write_at) => {
        fn write_at(&self, file: &std::fs::File, octets: &[u8], offset: u64) -> std::io::Result<()> {
            whippet::sys::SystemDisk.write_at(file, octets, offset)
        }
    };
    (@ append) => {
        fn append(&self, folder: &whippet::sys::Folder, name: &str, lines: &[u8]) -> std::io::Result<()> {
            whippet::sys::SystemDisk.append(folder, name, lines)
        }
    };
    (@ sync) => {
        fn sync(&self, file: &std::fs::File) -> std::io::Result<()> {
            whippet::sys::SystemDisk.sync(file)
        }
    };
    (@ sync_data) => {
        fn sync_data(&self, file: &std::fs::File) -> std::io::Result<()> {
            whippet::sys::SystemDisk.sync_data(file)
        }
    };
    (@ sync_dir) => {
        fn sync_dir(&self, folder: &whippet::sys::Folder) -> std::io::Result<()> {
            whippet::sys::SystemDisk.sync_dir(folder)
        }
    };
    (@ rename_new) => {
        fn rename_new(&self, from: (&whippet::sys::Folder, &str), to: (&whippet::sys::Folder, &str)) -> std::io::Result<()> {
            whippet::sys::SystemDisk.rename_new(from, to)
        }
    };
    (@ unlink) => {
        fn unlink(&self, folder: &whippet::sys::Folder, name: &str) -> std::io::Result<()> {
            whippet::sys::SystemDisk.unlink(folder, name)
        }
    };
    (@ lock) => {
        fn lock(&self, file: &std::fs::File, is_exclusive: bool) -> std::io::Result<bool> {
            whippet::sys::SystemDisk.lock(file, is_exclusive)
        }
    };
    (@ room) => {
        fn room(&self, folder: &whippet::sys::Folder) -> std::io::Result<whippet::sys::Room> {
            whippet::sys::SystemDisk.room(folder)
        }
    };
}

pub(crate) use real;
